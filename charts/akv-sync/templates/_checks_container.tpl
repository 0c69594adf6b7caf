{{/* What must hold of the container and its volumes, and how quantities compare. */}}

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

{{/* Of what the values add: it may not take the place of the container's own. */}}
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
