{{/* What a schema cannot say, in words: each fails, or is empty. */}}

{{- define "akv-sync.checks" -}}
{{- include "akv-sync.checks.context" . -}}
{{- include "akv-sync.checks.cluster" . -}}
{{- include "akv-sync.checks.manifest" . -}}
{{- include "akv-sync.checks.resources" . -}}
{{- include "akv-sync.checks.extra" . -}}
{{- end }}

{{- define "akv-sync.checks.context" -}}
{{- if not (hasKey .Values "manifestConfigMap") -}}
{{- fail (printf "the chart %s has no dependency of the name akv-sync: where it has an alias, pass (index .Subcharts \"ALIAS\")" .Chart.Name) -}}
{{- end -}}
{{- end }}

{{/* Whether a template has something to give. Takes a list: its name, the context, and the modes that have it. */}}
{{- define "akv-sync.checks.mode" -}}
{{- $mode := (index . 1).Values.mode -}}
{{- $modes := slice . 2 -}}
{{- if not (has $mode $modes) -}}
{{- fail (printf "akv-sync.%s is for mode %s, and mode is %s: use akv-sync.initContainers and akv-sync.containers, which follow the mode" (first .) (join " or " $modes) $mode) -}}
{{- end -}}
{{- end }}

{{- define "akv-sync.checks.cluster" -}}
{{- $version := .Capabilities.KubeVersion.Version -}}
{{- if and (has .Values.mode (list "sidecar" "both")) (semverCompare "<1.29.0-0" $version) -}}
{{- fail (printf "mode is %s, and Kubernetes %s has no native sidecars: use mode classic or init" .Values.mode $version) -}}
{{- end -}}
{{- if include "akv-sync.exitCodes" . | fromJsonArray -}}
{{- if not (has .Values.mode (list "sidecar" "both")) -}}
{{- fail (printf "a hook has exit, and mode is %s: it needs a native sidecar, whose code restarts the pod" .Values.mode) -}}
{{- end -}}
{{- if semverCompare "<1.36.0-0" $version -}}
{{- fail (printf "a hook has exit, which needs Kubernetes 1.36, and this is %s: without it only the sidecar would restart" $version) -}}
{{- end -}}
{{- end -}}
{{- end }}

{{- define "akv-sync.checks.injection" -}}
{{- if .Values.injection.enabled -}}
{{- include "akv-sync.checks.path" . -}}
{{- end -}}
{{- $version := .Capabilities.KubeVersion.Version -}}
{{- if and .Values.injection.enabled (semverCompare "<1.36.0-0" $version) -}}
{{- fail (printf "injection.enabled needs Kubernetes 1.36, and this is %s: use akv-sync inject, or this chart as a dependency of yours" $version) -}}
{{- end -}}
{{- end }}

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
{{- if regexMatch "^/((akv-sync|dev|proc|sys|etc/ssl|(etc|run)/akv-sync|(var/)?run/secrets)(/|$)|etc$)" $path -}}
{{- fail (printf "the files are to be at %s, where the container has its program, its manifest, its socket, certificates or what the kubelet puts there: choose another path" $path) -}}
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

{{/* Of the service account that is created here; nobody else would get what the values say. */}}
{{- define "akv-sync.checks.identity" -}}
{{- with .Values.workloadIdentity -}}
{{- if and (or .clientId .tenantId) (not $.Values.serviceAccount.create) -}}
{{- fail "workloadIdentity.clientId and tenantId are for the service account that the chart makes: set serviceAccount.create, or leave them out and annotate yours (azure.workload.identity/client-id)" -}}
{{- end -}}
{{- end -}}
{{- end }}

{{/* Of a pod that has no volumes but those of the values. */}}
{{- define "akv-sync.checks.volumes" -}}
{{- $names := list -}}
{{- range .Values.extraVolumes -}}
{{- $names = append $names .name -}}
{{- end -}}
{{- range .Values.extraVolumeMounts -}}
{{- if not (has .name $names) -}}
{{- fail (printf "extraVolumeMounts names the volume %s, which extraVolumes has not: add it there, or set test.enabled and demo.enabled to false where the pod of your chart has it" .name) -}}
{{- end -}}
{{- end -}}
{{- end }}

{{- define "akv-sync.checks.extra" -}}
{{- $path := include "akv-sync.mountPath" . -}}
{{- range .Values.extraVolumes -}}
{{- if has .name (list "akv" "akv-manifest" "akv-admin") -}}
{{- fail (printf "extraVolumes has a volume %s, a name that akv-sync needs: give it another" .name) -}}
{{- end -}}
{{- end -}}
{{- range .Values.extraVolumeMounts -}}
{{- if or (regexMatch "^/(akv-sync|(etc|run)/akv-sync)?(/|$)" .mountPath) (hasPrefix (printf "%s/" $path) (printf "%s/" .mountPath)) -}}
{{- fail (printf "extraVolumeMounts has the volume %s at %s, where the container has its program, its manifest, its socket or the files: choose another path" .name .mountPath) -}}
{{- end -}}
{{- end -}}
{{- end }}

{{- define "akv-sync.checks.resources" -}}
{{- $least := include "akv-sync.leastMemory" . | int -}}
{{- $memory := .Values.resources.limits.memory | default (printf "%dMi" $least) -}}
{{- if lt (include "akv-sync.mebibytes" $memory | int) $least -}}
{{- fail (printf "resources.limits.memory is %s and must be at least %dMi: volume.sizeLimit (%s) and 32Mi, since files in memory count against the container" $memory $least .Values.volume.sizeLimit) -}}
{{- end -}}
{{- with .Values.resources.requests -}}
{{- if gt (include "akv-sync.mebibytes" .memory | int) (include "akv-sync.mebibytes" $memory | int) -}}
{{- fail (printf "resources.requests.memory is %s and the limit is %s: raise resources.limits.memory, or ask for less" .memory $memory) -}}
{{- end -}}
{{- $cpu := $.Values.resources.limits.cpu -}}
{{- if and $cpu (gt (include "akv-sync.millicores" .cpu | int) (include "akv-sync.millicores" $cpu | int)) -}}
{{- fail (printf "resources.requests.cpu is %s and the limit is %s: raise resources.limits.cpu, or ask for less" .cpu $cpu) -}}
{{- end -}}
{{- end -}}
{{- end }}

{{- define "akv-sync.leastMemory" -}}
{{- add 32 (include "akv-sync.mebibytes" .Values.volume.sizeLimit | int) -}}
{{- end }}

{{/* A quantity as the schema lets it through, in Mi. */}}
{{- define "akv-sync.mebibytes" -}}
{{- if hasSuffix "Gi" . -}}
{{ mul 1024 (trimSuffix "Gi" . | int) }}
{{- else -}}
{{ trimSuffix "Mi" . | int }}
{{- end -}}
{{- end }}

{{/* The same of processors, in thousandths. */}}
{{- define "akv-sync.millicores" -}}
{{- if hasSuffix "m" . -}}
{{ trimSuffix "m" . | int }}
{{- else -}}
{{ mulf 1000.0 (float64 .) | ceil | int }}
{{- end -}}
{{- end }}
