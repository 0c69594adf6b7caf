//! The parameters of a class that are not its objects: which vault, and who signs in.

use super::Class;
use crate::cloud::Cloud;
use crate::input::Value;
use crate::note::{Notes, other_case, quoted};
use crate::vaults::{self, Vault};
use domain::desired::{IdentityKind, IdentitySpec};
use domain::object::VaultName;
use manifest::quoted_key;
use manifest::rules::{self, WrongUrl};

/// Where the manifest looks for a service principal's secret.
const CLIENT_SECRET_FILE: &str = "/etc/akv-sync/credentials/clientsecret";

/// What all objects of a class have in common.
pub(super) struct Settings {
    pub(super) vault: Vault,
    pub(super) identity: IdentitySpec,
}

impl Settings {
    /// Reads the parameters; says what is wrong with the name of the vault when they name none.
    pub(super) fn read(class: &Class<'_>, notes: &Notes) -> Result<Self, WrongUrl> {
        let parameters = Parameters {
            class,
            values: class.spec().and_then(|spec| spec.get("parameters")),
            notes,
        };
        let given = parameters.vault_name().ok_or_else(|| wrong("it is missing"))?;
        let cloud = Cloud::named(parameters.text("cloudName"), &class.subject("cloudName"), notes);
        let vault = vault(given, &cloud)?;
        if !rules::is_vault_name(given) {
            parameters.assumed(
                "keyvaultName",
                "it is a host or URL, where the provider wants a name; its vault is taken",
            );
        }
        let identity = parameters.identity(parameters.cloud_of(&vault, cloud));
        parameters.refuse_others();
        Ok(Self { vault, identity })
    }
}

fn wrong(message: &str) -> WrongUrl {
    WrongUrl {
        message: message.to_owned(),
        hint: "write its name, or `https://NAME.vault.azure.net`".to_owned(),
    }
}

/// The vault of a name in the cloud of the class, or of a URL or host, which say their cloud themselves.
fn vault(given: &str, cloud: &Cloud) -> Result<Vault, WrongUrl> {
    let text = if rules::is_vault_name(given) {
        format!("https://{given}.{}", cloud.vault_suffix)
    } else if given.contains("://") {
        given.to_owned()
    } else {
        format!("https://{given}")
    };
    let (url, trusted_host) = rules::vault_url(&text)?;
    if !rules::is_vault_name(given) && (trusted_host.is_some() || rules::is_managed_hsm(&url)) {
        return Err(wrong("it is not the name of a vault"));
    }
    let label = url.host_str().and_then(|host| host.split('.').next());
    let name = VaultName::parse(label.unwrap_or_default());
    Ok(Vault {
        name: name.map_err(|_| wrong("it is not the name of a vault"))?,
        url: vaults::text_of(&url),
        trusted_host,
    })
}

/// `spec.parameters` of a class.
struct Parameters<'c, 'a> {
    class: &'c Class<'a>,
    values: Option<Value<'a>>,
    notes: &'c Notes,
}

impl<'a> Parameters<'_, 'a> {
    fn text(&self, key: &str) -> Option<&'a str> {
        self.values.and_then(|values| values.text_of(key))
    }

    /// The cloud of the class, unless the host of its vault is of another one.
    fn cloud_of(&self, vault: &Vault, named: Cloud) -> Cloud {
        let of_host = Cloud::of_host(vault.host());
        let Some(of_host) = of_host.filter(|of_host| of_host.vault_suffix != named.vault_suffix) else {
            return named;
        };
        let reason = format!(
            "taken from the host of the vault, which ends in `{}`",
            of_host.vault_suffix
        );
        self.assumed("cloudName", reason);
        of_host
    }

    /// `keyvaultName`, also in another case: nothing else can be meant, although the provider itself ignores it.
    fn vault_name(&self) -> Option<&'a str> {
        const KEY: &str = "keyvaultName";
        if let Some(name) = self.text(KEY) {
            return Some(name);
        }
        let mut entries = self.values.into_iter().flat_map(Value::entries);
        let (key, value) =
            entries.find(|(key, value)| key.eq_ignore_ascii_case(KEY) && value.text().is_some())?;
        let reason = format!(
            "taken from {}, which the provider does not read in this case",
            quoted_key(key)
        );
        self.assumed(KEY, reason);
        value.text()
    }

    fn assumed(&self, part: &str, reason: impl Into<String>) {
        self.notes.assumed(self.class.subject(part), reason);
    }

    fn not_carried(&self, part: &str, reason: impl Into<String>) {
        self.notes.not_carried(self.class.subject(part), reason);
    }

    /// The texts of `strconv.ParseBool`; another one makes the provider fail.
    fn is_set(&self, key: &str) -> bool {
        match self.text(key) {
            None | Some("0" | "f" | "F" | "false" | "FALSE" | "False") => false,
            Some("1" | "t" | "T" | "true" | "TRUE" | "True") => true,
            Some(other) => {
                self.not_carried(
                    key,
                    format!(
                        "{} is neither `true` nor `false`; taken as `false`",
                        quoted(other)
                    ),
                );
                false
            }
        }
    }

    /// Who signs in: the modes in the order in which the provider tries them (`pkg/auth/auth.go`).
    fn identity(&self, cloud: Cloud) -> IdentitySpec {
        let pod_identity = self.is_set("usePodIdentity");
        let machine = self.is_set("useVMManagedIdentity");
        let token_proxy = self.is_set("useAzureTokenProxy");
        let mut identity = if pod_identity {
            self.pod_identity()
        } else if machine {
            self.managed_identity()
        } else if token_proxy || self.text("clientID").is_some() {
            self.workload_identity(token_proxy)
        } else {
            self.service_principal()
        };
        let unused = [
            ("useVMManagedIdentity", pod_identity && machine),
            ("useAzureTokenProxy", token_proxy && (pod_identity || machine)),
        ];
        for (key, _) in unused.into_iter().filter(|(_, unused)| *unused) {
            self.not_carried(
                key,
                "the provider refuses two modes of access at once; the first of them is taken",
            );
        }
        if identity.kind == IdentityKind::ManagedIdentity {
            return identity;
        }
        identity.tenant_id = self.tenant();
        identity.authority_host = cloud.authority();
        identity
    }

    fn pod_identity(&self) -> IdentitySpec {
        let reason = "aad-pod-identity is retired; give the managed identity a federated credential for the pod's \
                      service account, and label the pod `azure.workload.identity/use: \"true\"`";
        self.not_carried("usePodIdentity", reason);
        of_kind(IdentityKind::WorkloadIdentity)
    }

    fn managed_identity(&self) -> IdentitySpec {
        let mut identity = of_kind(IdentityKind::ManagedIdentity);
        match self.text("userAssignedIdentityID") {
            None => {}
            Some(id) if rules::is_client_id(id) => identity.client_id = Some(id.to_owned()),
            Some(id) if rules::is_resource_id(id) => identity.resource_id = Some(id.to_owned()),
            Some(id) => self.not_carried(
                "userAssignedIdentityID",
                format!("{} is not a client ID", quoted(id)),
            ),
        }
        if self.raw_tenant().is_some() {
            self.not_carried("tenantID", "a managed identity needs none");
        }
        identity
    }

    fn workload_identity(&self, token_proxy: bool) -> IdentitySpec {
        if token_proxy {
            let reason = "identity bindings are not supported; give the managed identity a federated credential for \
                          the pod's service account instead";
            self.not_carried("useAzureTokenProxy", reason);
        }
        let reason = "the pod itself needs the token now: label it `azure.workload.identity/use: \"true\"`";
        self.assumed("identity.type", format!("`workloadIdentity`; {reason}"));
        let mut identity = of_kind(IdentityKind::WorkloadIdentity);
        match self.text("clientID") {
            Some(id) if rules::is_client_id(id) => identity.client_id = Some(id.to_owned()),
            Some(id) => self.not_carried(
                "clientID",
                format!(
                    "{} is not a client ID; AZURE_CLIENT_ID is used instead",
                    quoted(id)
                ),
            ),
            None => self.not_carried("clientID", "it is missing; AZURE_CLIENT_ID is used instead"),
        }
        identity
    }

    fn service_principal(&self) -> IdentitySpec {
        let reason = format!(
            "`clientSecret`, as no other mode is set; mount the key `clientsecret` of the Secret that \
             `nodePublishSecretRef` names as {CLIENT_SECRET_FILE}, and write the value of its key `clientid` as \
             `clientId` or set AZURE_CLIENT_ID to it"
        );
        self.assumed("identity.type", reason);
        IdentitySpec {
            client_secret_file: Some(CLIENT_SECRET_FILE.into()),
            ..of_kind(IdentityKind::ClientSecret)
        }
    }

    /// `tenantID`, or as it was called first.
    fn raw_tenant(&self) -> Option<&'a str> {
        self.text("tenantID").or_else(|| self.text("tenantId"))
    }

    fn tenant(&self) -> Option<String> {
        let tenant = self.raw_tenant()?;
        if tenant == "adfs" {
            self.not_carried("tenantID", "AD FS is not supported, only Microsoft Entra");
            return None;
        }
        if !rules::is_tenant_id(tenant) {
            let reason = format!(
                "{} is not a tenant ID; AZURE_TENANT_ID is used instead",
                quoted(tenant)
            );
            self.not_carried("tenantID", reason);
            return None;
        }
        Some(tenant.to_owned())
    }

    /// Tells which parameters have no effect.
    fn refuse_others(&self) {
        let machine = self.is_true("useVMManagedIdentity") && !self.is_true("usePodIdentity");
        for (key, value) in self.values.into_iter().flat_map(Value::entries) {
            let reason = match key {
                "objects"
                | "keyvaultName"
                | "cloudName"
                | "usePodIdentity"
                | "useVMManagedIdentity"
                | "useAzureTokenProxy"
                | "tenantId"
                | "tenantID" => continue,
                "clientID" if !machine && !self.is_true("usePodIdentity") => continue,
                "userAssignedIdentityID" if machine => continue,
                _ if value.text().is_none() => continue,
                _ if key.eq_ignore_ascii_case("keyvaultName") && self.text("keyvaultName").is_none() => {
                    continue;
                }
                "clientID" | "userAssignedIdentityID" => {
                    "it belongs to a mode of access that the class does not use"
                }
                "cloudEnvFileName" => {
                    "the file is on the node; its contents go to `vaults` and `identity.authorityHost`"
                }
                _ if key.starts_with("csi.storage.k8s.io/") => "the driver sets it, not the class",
                _ => match other_case("the provider", key, &PARAMETERS) {
                    Some(reason) => {
                        self.not_carried(&quoted_key(key), reason);
                        continue;
                    }
                    None => "the provider has no such parameter",
                },
            };
            let name = if KNOWN.contains(&key) {
                key.to_owned()
            } else {
                quoted_key(key)
            };
            self.not_carried(&name, reason);
        }
    }

    /// As [`Self::is_set`], where it has been told already what is wrong.
    fn is_true(&self, key: &str) -> bool {
        matches!(self.text(key), Some("1" | "t" | "T" | "true" | "TRUE" | "True"))
    }
}

/// What the provider reads, letter by letter.
const PARAMETERS: [&str; 10] = [
    "keyvaultName",
    "cloudName",
    "cloudEnvFileName",
    "usePodIdentity",
    "useVMManagedIdentity",
    "useAzureTokenProxy",
    "userAssignedIdentityID",
    "clientID",
    "tenantID",
    "objects",
];

/// Parameters that are named without quotes.
const KNOWN: [&str; 3] = ["clientID", "userAssignedIdentityID", "cloudEnvFileName"];

fn of_kind(kind: IdentityKind) -> IdentitySpec {
    IdentitySpec {
        kind,
        ..IdentitySpec::default()
    }
}
