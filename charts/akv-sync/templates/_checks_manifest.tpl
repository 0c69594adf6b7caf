{{/* What must hold of the manifest, and of values that go with it. */}}

{{- define "akv-sync.checks.manifest" -}}
{{- include "akv-sync.checks.path" . -}}
{{- $here := include "akv-sync.hasManifest" . -}}
{{- if and $here .Values.manifestConfigMap -}}
{{- fail "manifest and manifestConfigMap are both set: use one" -}}
{{- end -}}
{{- if not (or $here .Values.manifestConfigMap) -}}
{{- fail "there is no manifest: set manifest.vaults and one of manifest.secrets, certificates, keys and templates, or manifestConfigMap" -}}
{{- end -}}
{{- if $here -}}
{{- include "akv-sync.checks.beside" . -}}
{{- include "akv-sync.checks.hooks" . -}}
{{- if ne .Values.mode "init" -}}
{{- include "akv-sync.checks.admin" . -}}
{{- end -}}
{{- end -}}
{{- end }}

{{/* Where the container has its files: nothing of its own may be there, or be hidden by them. */}}
{{- define "akv-sync.checks.path" -}}
{{- $path := include "akv-sync.mountPath" . -}}
{{- if or (not (regexMatch "^(/[^/:]+)+$" $path)) (regexMatch "/\\.\\.?(/|$)" $path) -}}
{{- fail (printf "the files are to be at %s: use an absolute path without \".\", \"..\", \":\", \"//\" or a \"/\" at its end" $path) -}}
{{- end -}}
{{- range include "akv-sync.neededPaths" . | fromJsonArray -}}
{{- if or (hasPrefix (printf "%s/" .) (printf "%s/" $path)) (hasPrefix (printf "%s/" $path) (printf "%s/" .)) -}}
{{- fail (printf "the files are to be at %s, which clashes with %s, which containers need: choose a path of its own, such as /mnt/akv" $path .) -}}
{{- end -}}
{{- end -}}
{{- end }}

{{/* What only a manifest of another's needs. */}}
{{- define "akv-sync.checks.beside" -}}
{{- with .Values.volume.mountPath -}}
{{- if ne . $.Values.manifest.volume.path -}}
{{- fail (printf "volume.mountPath is %s and manifest.volume.path is %s: leave volume.mountPath out" . $.Values.manifest.volume.path) -}}
{{- end -}}
{{- end -}}
{{- if .Values.exitCodes -}}
{{- fail "exitCodes is for manifestConfigMap, and the manifest is here: leave exitCodes out, the codes of manifest.hooks are known" -}}
{{- end -}}
{{- end }}

{{- define "akv-sync.checks.hooks" -}}
{{- $known := list "exec" "signal" "http" "touch" "exit" -}}
{{- range .Values.manifest.hooks -}}
{{- $actions := list -}}
{{- range $key, $_ := . -}}
{{- if has $key $known -}}
{{- $actions = append $actions $key -}}
{{- end -}}
{{- end -}}
{{- if ne (len $actions) 1 -}}
{{- fail (printf "the hook %s of manifest.hooks has %s: give it one of %s" .name (join " and " $actions | default "no action") (join ", " $known)) -}}
{{- end -}}
{{- end -}}
{{- end }}

{{- define "akv-sync.checks.admin" -}}
{{- $admin := .Values.manifest.admin | default dict -}}
{{- with $admin.listen -}}
{{- if not (regexMatch "^(\\[::\\]|0\\.0\\.0\\.0):8181$" .) -}}
{{- fail (printf "manifest.admin.listen is %q and must be \"[::]:8181\": the kubelet asks there, at the address of the pod" .) -}}
{{- end -}}
{{- end -}}
{{- with $admin.socket -}}
{{- if ne . "/run/akv-sync/admin.sock" -}}
{{- fail (printf "manifest.admin.socket is %q and must be /run/akv-sync/admin.sock, where the pod has a directory for it" .) -}}
{{- end -}}
{{- end -}}
{{- $token := $admin.tokenFile | default "" -}}
{{- if and .Values.adminTokenSecret (ne $token "/etc/akv-sync/token") -}}
{{- fail (printf "adminTokenSecret is set and manifest.admin.tokenFile is %q: set that to /etc/akv-sync/token, where the Secret is" $token) -}}
{{- end -}}
{{- if and (hasPrefix "/etc/akv-sync/" $token) (not .Values.adminTokenSecret) -}}
{{- fail (printf "manifest.admin.tokenFile is %s, where nothing is without adminTokenSecret: set that to the name of a Secret with the key token" $token) -}}
{{- end -}}
{{- end }}
