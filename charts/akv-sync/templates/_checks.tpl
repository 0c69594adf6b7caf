{{/* What a schema cannot say, in words: each fails, or is empty. */}}

{{- define "akv-sync.checks" -}}
{{- include "akv-sync.checks.context" . -}}
{{- include "akv-sync.checks.cluster" . -}}
{{- include "akv-sync.checks.manifest" . -}}
{{- include "akv-sync.checks.memory" . -}}
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
{{- $version := .Capabilities.KubeVersion.Version -}}
{{- if and .Values.injection.enabled (semverCompare "<1.36.0-0" $version) -}}
{{- fail (printf "injection.enabled needs Kubernetes 1.36, and this is %s: use akv-sync inject, or this chart as a dependency of yours" $version) -}}
{{- end -}}
{{- end }}

{{- define "akv-sync.checks.manifest" -}}
{{- $path := include "akv-sync.mountPath" . -}}
{{- if regexMatch "^/(etc|run)/akv-sync(/|$)" $path -}}
{{- fail (printf "the files are to be at %s, where the container has its manifest or its socket: choose another path" $path) -}}
{{- end -}}
{{- $here := include "akv-sync.hasManifest" . -}}
{{- if and $here .Values.manifestConfigMap -}}
{{- fail "manifest and manifestConfigMap are both set: use one" -}}
{{- end -}}
{{- if not (or $here .Values.manifestConfigMap) -}}
{{- fail "there is no manifest: set manifest.vaults and one of manifest.secrets, certificates, keys and templates, or manifestConfigMap" -}}
{{- end -}}
{{- if $here -}}
{{- with .Values.volume.mountPath -}}
{{- if ne . $.Values.manifest.volume.path -}}
{{- fail (printf "volume.mountPath is %s and manifest.volume.path is %s: leave volume.mountPath out" . $.Values.manifest.volume.path) -}}
{{- end -}}
{{- end -}}
{{- if ne .Values.mode "init" -}}
{{- $admin := .Values.manifest.admin | default dict -}}
{{- if not (regexMatch "^(\\[::\\]|0\\.0\\.0\\.0):8181$" ($admin.listen | default "")) -}}
{{- fail (printf "manifest.admin.listen is %q and must be \"[::]:8181\": the kubelet asks there, at the address of the pod" ($admin.listen | default "")) -}}
{{- end -}}
{{- if ne ($admin.socket | default "") "/run/akv-sync/admin.sock" -}}
{{- fail (printf "manifest.admin.socket is %q and must be /run/akv-sync/admin.sock, where the pod has a directory for it" ($admin.socket | default "")) -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- end }}

{{- define "akv-sync.checks.memory" -}}
{{- with .Values.resources.limits.memory -}}
{{- $least := include "akv-sync.leastMemory" $ | int -}}
{{- if lt (include "akv-sync.mebibytes" . | int) $least -}}
{{- fail (printf "resources.limits.memory is %s and must be at least %dMi: volume.sizeLimit (%s) and 32Mi, since files in memory count against the container" . $least $.Values.volume.sizeLimit) -}}
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
