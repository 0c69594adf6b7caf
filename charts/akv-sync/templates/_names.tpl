{{/* Names and labels of what this chart makes. */}}

{{- define "akv-sync.name" -}}
{{- if contains .Chart.Name .Release.Name -}}
{{ .Release.Name | trunc 54 | trimSuffix "-" }}
{{- else -}}
{{ printf "%s-%s" .Release.Name .Chart.Name | trunc 54 | trimSuffix "-" }}
{{- end -}}
{{- end }}

{{- define "akv-sync.labels" -}}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
{{ include "akv-sync.selectorLabels" . }}
{{- end }}

{{- define "akv-sync.selectorLabels" -}}
app.kubernetes.io/name: {{ .Chart.Name }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "akv-sync.serviceAccountName" -}}
{{- .Values.serviceAccount.name | default (ternary (include "akv-sync.name" .) "default" .Values.serviceAccount.create) -}}
{{- end }}

{{- define "akv-sync.image" -}}
{{- with .Values.image -}}
{{- $repository := required "image.repository is not set: no image is published. docs/kubernetes.md says how to build it" .repository -}}
{{- if .digest -}}
{{ $repository }}@{{ .digest }}
{{- else -}}
{{ $repository }}:{{ .tag | default $.Chart.AppVersion }}
{{- end -}}
{{- end -}}
{{- end }}

{{/* Of the pods that this chart makes itself. */}}
{{- define "akv-sync.pullSecrets" -}}
{{- with .Values.image.pullSecrets -}}
imagePullSecrets:
{{- range . }}
  - name: {{ . }}
{{- end }}
{{- end -}}
{{- end }}

{{/* Whether `manifest` of the values is one: it names something that is to be written. */}}
{{- define "akv-sync.hasManifest" -}}
{{- with .Values.manifest -}}
{{- if or .secrets .certificates .keys .templates }}true{{ end -}}
{{- end -}}
{{- end }}

{{- define "akv-sync.manifestName" -}}
{{- if include "akv-sync.hasManifest" . -}}
{{ include "akv-sync.name" . }}-manifest
{{- else -}}
{{ .Values.manifestConfigMap }}
{{- end -}}
{{- end }}
