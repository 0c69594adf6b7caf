#!/usr/bin/env bash
# openssl, ssh-keygen and keytool judge every form of certificates and keys, and the log what was refused:
# commands.sh WORK
set -euo pipefail
# A password of any characters is UTF-8 for openssl.
export LC_ALL=C.UTF-8
work=$1
secret=$work/password unicode=$work/unicode-password none=$work/no-password
echo >"$none"

# check NAME COMMAND...: one line; why it failed is what the command said last.
check() {
  local title=$1 said
  shift
  if said=$("$@" 2>&1); then printf 'ok %s\n' "$title"; else printf 'FAILED %s: %s\n' "$title" "$(tail -n 1 <<<"$said")"; fi
}

# same WHAT A B: two texts are the same and not empty.
same() {
  [ -n "$2" ] && [ "$2" = "$3" ] || {
    printf '%s differs, or there is none\n' "$1"
    return 1
  }
}

# has FILE WORD...: a file has every word.
has() {
  local file=$1 word
  shift
  for word; do
    grep -qF -e "$word" "$file" || {
      printf 'no "%s"\n' "$word"
      return 1
    }
  done
}

refuses() { ! "$@" >/dev/null 2>&1 || { echo "not refused: $*"; return 1; }; }
starts() { same "the first line" "$(head -n 1 "$1")" "-----BEGIN $2-----"; }
certificates() { grep -c '^-----BEGIN CERTIFICATE-----$' "$1" || true; }
public() { openssl x509 -in "$1" -noout -pubkey; }
leaf_of() { openssl x509 -in "$1" -outform DER | sha256sum; }

# --- Certificates and keys in PEM and DER ------------------------------------------------------------------------------

# The folder of the certificate is where these run.
chain_verifies() {
  openssl verify -CAfile ca.pem -no-CApath -no-CAstore -untrusted chain.pem -verify_hostname web.contoso.com leaf.pem
}
chains_add_up() {
  cat leaf.pem chain.pem | cmp - full.pem && cat full.pem ca.pem | cmp - full-root.pem &&
    cat chain.pem ca.pem | cmp - chain-root.pem && same "the number" "$(certificates full-root.pem)" 3
}
der_is_the_leaf() { same "the leaf" "$(sha256sum <leaf.der)" "$(leaf_of leaf.pem)" && openssl x509 -inform DER -in leaf.der -noout; }
# key FILE LABEL [PASSWORD]: a key of the certificate's.
key() {
  starts "$1" "$2" && openssl pkey -in "$1" -passin "file:${3-$none}" -check -noout &&
    same "the public key" "$(openssl pkey -in "$1" -passin "file:${3-$none}" -pubout)" "$(public leaf.pem)"
}
encrypted_key() {
  key "$1" "ENCRYPTED PRIVATE KEY" "$2" && refuses openssl pkey -in "$1" -passin pass:wrong -noout
}
# bundle FILE LABEL CERTIFICATES
bundle() {
  key "$1" "$2" && same "the leaf" "$(leaf_of "$1")" "$(leaf_of leaf.pem)" &&
    same "the number" "$(certificates "$1")" "$3"
}
published_key_is_the_same() { same "the public key" "$(cat key.pub)" "$(public leaf.pem)"; }

# --- PKCS#12 -------------------------------------------------------------------------------------------------------------

# store FILE PASSWORD ISSUERS WORD...: opens with the password and no other, has key, leaf and chain, and is as said.
store() {
  local file=$1 password=file:$2 issuers=$3 info=$work/info
  shift 3
  openssl pkcs12 -in "$file" -passin "$password" -info -noout >"$info" 2>&1 || { cat "$info"; return 1; }
  has "$info" "$@" && refuses openssl pkcs12 -in "$file" -passin pass:wrong -noout &&
    same "the key" "$(openssl pkcs12 -in "$file" -passin "$password" -nocerts -nodes | openssl pkey -pubout)" "$(public leaf.pem)" &&
    openssl pkcs12 -in "$file" -passin "$password" -nokeys -clcerts -out "$work/part" &&
    same "the leaf" "$(leaf_of "$work/part")" "$(leaf_of leaf.pem)" &&
    openssl pkcs12 -in "$file" -passin "$password" -nokeys -cacerts -out "$work/part" &&
    same "the number of issuers" "$(certificates "$work/part")" "$issuers"
}
modern=("PBES2, PBKDF2, AES-256-CBC, Iteration 10000, PRF hmacWithSHA256" "MAC: sha256, Iteration 10000")
legacy=("pbeWithSHA1And3-KeyTripleDES-CBC, Iteration 10000" "MAC: sha1, Iteration 10000")
# trust FILE PASSWORD: holds the root and nothing else.
trust() {
  openssl pkcs12 -in "$1" -passin "file:$2" -nodes -out "$work/part" &&
    same "the number" "$(certificates "$work/part")" 1 && same "the root" "$(leaf_of "$work/part")" "$(leaf_of ca.pem)"
}

for folder in "$work"/forms/{rsa-2048,rsa-3072,rsa-4096,p-256,p-384,p-521,p-256k}; do
  name=$(basename "$folder")
  cd "$folder"
  case $name in rsa*) label="RSA PRIVATE KEY" ;; *) label="EC PRIVATE KEY" ;; esac
  check "openssl $name: the chain leads to ca.pem" chain_verifies
  # Plain secrets have no key in the vault.
  [ ! -e key.pub ] || check "openssl $name: key.pub" published_key_is_the_same
  check "openssl $name: chain, full chain and root add up" chains_add_up
  check "openssl $name: leaf.der" der_is_the_leaf
  check "openssl $name: key.pem" key key.pem "PRIVATE KEY"
  check "openssl $name: traditional.pem" key traditional.pem "$label"
  check "openssl $name: encrypted.pem" encrypted_key encrypted.pem "$secret"
  check "openssl $name: encrypted-file.pem" encrypted_key encrypted-file.pem "$secret"
  check "openssl $name: encrypted-unicode.pem" encrypted_key encrypted-unicode.pem "$unicode"
  check "openssl $name: first.pem" bundle first.pem "PRIVATE KEY" 2
  check "openssl $name: last.pem" bundle last.pem CERTIFICATE 3
  check "openssl $name: modern.p12" store modern.p12 "$secret" 1 "${modern[@]}"
  check "openssl $name: file.p12" store file.p12 "$secret" 2 "${modern[@]}" # With the root.
  check "openssl $name: empty.p12" store empty.p12 "$none" 1 "${modern[@]}"
  check "openssl $name: unicode.p12" store unicode.p12 "$unicode" 1 "${modern[@]}"
  check "openssl $name: legacy.p12" store legacy.p12 "$secret" 1 "${legacy[@]}"
  check "openssl $name: legacy-empty.p12" store legacy-empty.p12 "$none" 1 "${legacy[@]}"
  check "openssl $name: trust.p12" trust trust.p12 "$secret"
  check "openssl $name: trust-empty.p12" trust trust-empty.p12 "$none"
done

# --- Keys ----------------------------------------------------------------------------------------------------------------

spki() { openssl pkey -pubin -in "$1" -outform DER | cmp - pub.der && starts "$1" "PUBLIC KEY"; }
fingerprint() { ssh-keygen -l -f pub.ssh && same "the comment" "$(cut -d' ' -f3 pub.ssh)" "$name"; }
from_ssh() { ssh-keygen -e -m PKCS8 -f pub.ssh >"$work/part" && spki "$work/part"; }
to_ssh() { same "the line" "$(ssh-keygen -i -m PKCS8 -f pub.pem)" "$(cut -d' ' -f1,2 pub.ssh)"; }

for folder in "$work"/forms/key-*; do
  name=$(basename "$folder")
  cd "$folder"
  check "openssl $name: pub.pem and pub.der" spki pub.pem
  [ "$name" != key-p-256k ] || continue
  check "ssh-keygen $name: the fingerprint of pub.ssh" fingerprint
  check "ssh-keygen $name: pub.ssh becomes pub.pem" from_ssh
  check "ssh-keygen $name: pub.pem becomes pub.ssh" to_ssh
done

# --- Java's own command ---------------------------------------------------------------------------------------------------

# listed FILE TYPE ALIAS WORD
listed() {
  keytool -J-Duser.language=en -list -keystore "$1" -storetype "$2" -storepass:file "$secret" >"$work/part" || { cat "$work/part"; return 1; }
  has "$work/part" "contains 1 entry" "$3, " "$4"
}
cd "$work/forms/rsa-2048"
check "keytool: modern.p12" listed modern.p12 PKCS12 rsa-2048 PrivateKeyEntry
check "keytool: legacy.p12" listed legacy.p12 PKCS12 rsa-2048 PrivateKeyEntry
check "keytool: store.jks" listed store.jks JKS rsa-2048 PrivateKeyEntry
check "keytool: trust.p12" listed trust.p12 PKCS12 rsa-2048 trustedCertEntry
check "keytool: trust.jks" listed trust.jks JKS rsa-2048 trustedCertEntry

# --- What is refused by name ----------------------------------------------------------------------------------------------

# refused FILE WORD...: not published, and a line of the log names the object and the reason.
refused() {
  local file=$1 first=$2
  shift
  [ ! -e "$work/refused/$file" ] || { echo "it was published"; return 1; }
  grep -F -e "$first" "$work/refused.log" >"$work/part" || { echo "the log does not name $first"; return 1; }
  has "$work/part" "$@"
}
check "refused: the others are published" same "the secret" "$(cat "$work/refused/published")" "$(cat "$secret")"
check "refused: pkcs1 of an EC key" refused ec-pkcs1.pem p-256 EC
check "refused: sec1 of an RSA key" refused rsa-sec1.pem rsa-2048 RSA
check "refused: a PKCS#12 trust store with a password that Java takes nowhere" refused trust.p12 p-384 "printable ASCII"
check "refused: P-256K for OpenSSH" refused p-256k.ssh key-p-256k OpenSSH
while IFS=$'\t' read -r key reason; do
  check "refused: $key in dotenv" refused "$key.env" "$key" "$reason"
done <"$work/expected/refused"
