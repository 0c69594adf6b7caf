//! What a host name says of a vault: its service, its cloud's token scope and its private DNS zone.
//!
//! Suffixes: <https://learn.microsoft.com/azure/key-vault/general/about-keys-secrets-certificates#dns-suffixes-for-object-identifiers>,
//! zones: <https://learn.microsoft.com/azure/private-link/private-endpoint-dns>.

/// Which service answers at a host.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Service {
    /// Secrets, keys and certificates.
    Vault,
    /// Keys only.
    ManagedHsm,
}

/// The part of Azure that a vault belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Realm {
    /// What answers there.
    pub(super) service: Service,
    /// The audience of its tokens, with `/.default`.
    pub(super) scope: &'static str,
    /// The zone in which a private endpoint's name must resolve.
    pub(super) private_zone: &'static str,
}

const PUBLIC: Realm = Realm {
    service: Service::Vault,
    scope: "https://vault.azure.net/.default",
    private_zone: "privatelink.vaultcore.azure.net",
};

const REALMS: [(&str, Realm); 6] = [
    (".vault.azure.net", PUBLIC),
    (
        ".vault.azure.cn",
        Realm {
            service: Service::Vault,
            scope: "https://vault.azure.cn/.default",
            private_zone: "privatelink.vaultcore.azure.cn",
        },
    ),
    (
        ".vault.usgovcloudapi.net",
        Realm {
            service: Service::Vault,
            scope: "https://vault.usgovcloudapi.net/.default",
            private_zone: "privatelink.vaultcore.usgovcloudapi.net",
        },
    ),
    (
        ".managedhsm.azure.net",
        Realm {
            service: Service::ManagedHsm,
            scope: "https://managedhsm.azure.net/.default",
            private_zone: "privatelink.managedhsm.azure.net",
        },
    ),
    (
        ".managedhsm.azure.cn",
        Realm {
            service: Service::ManagedHsm,
            scope: "https://managedhsm.azure.cn/.default",
            private_zone: "privatelink.managedhsm.azure.cn",
        },
    ),
    (
        ".managedhsm.usgovcloudapi.net",
        Realm {
            service: Service::ManagedHsm,
            scope: "https://managedhsm.usgovcloudapi.net/.default",
            private_zone: "privatelink.managedhsm.usgovcloudapi.net",
        },
    ),
];

impl Realm {
    /// The realm of a lower-case host name. A host of no known suffix counts as a vault of the public cloud; the
    /// scope is then a guess that its challenge corrects.
    pub(super) fn of_host(host: &str) -> Self {
        let known = REALMS.iter().find(|(suffix, _)| host.ends_with(suffix));
        known.map_or(PUBLIC, |(_, realm)| *realm)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_cloud_has_its_own_scope() {
        let scope = |host| Realm::of_host(host).scope;
        assert_eq!(
            scope("contoso.vault.azure.net"),
            "https://vault.azure.net/.default"
        );
        assert_eq!(
            scope("contoso.vault.usgovcloudapi.net"),
            "https://vault.usgovcloudapi.net/.default"
        );
        assert_eq!(
            scope("contoso.managedhsm.azure.cn"),
            "https://managedhsm.azure.cn/.default"
        );
    }

    #[test]
    fn an_unknown_host_is_taken_for_a_vault_of_the_public_cloud() {
        assert_eq!(Realm::of_host("localhost"), PUBLIC);
        assert_eq!(Realm::of_host("vault.azure.net.example.com"), PUBLIC);
        assert_eq!(Realm::of_host("evilvault.azure.cn"), PUBLIC);
    }
}
