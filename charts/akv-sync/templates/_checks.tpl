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

{{/* Of the service account that is created here; nobody else would get what the values say. */}}
{{- define "akv-sync.checks.identity" -}}
{{- with .Values.workloadIdentity -}}
{{- if and (or .clientId .tenantId) (not $.Values.serviceAccount.create) -}}
{{- fail "workloadIdentity.clientId and tenantId are for the service account that the chart makes: set serviceAccount.create, or leave them out and annotate yours (azure.workload.identity/client-id)" -}}
{{- end -}}
{{- end -}}
{{- end }}
