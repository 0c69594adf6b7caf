{{/*
For the templates of other charts. With this chart among their dependencies, each takes their own context:

    containers: {{- include "akv-sync.containers" . | nindent 8 }}

Values are those of this chart, below its name in the values of theirs. Where the dependency has an alias, pass what it has:
{{ include "akv-sync.containers" (index .Subcharts "ALIAS") }}. The containers themselves are in _fragments.tpl.
*/}}

{{/* Elements of initContainers, as the mode asks for them: none with mode classic. */}}
{{- define "akv-sync.initContainers" -}}
{{- with index (.Subcharts | default dict) "akv-sync" | default . -}}
{{- include "akv-sync.checks" . -}}
{{- if has .Values.mode (list "init" "both") -}}
{{- include "akv-sync.initContainer" . -}}
{{- end -}}
{{- if eq .Values.mode "both" }}
{{ end -}}
{{- if has .Values.mode (list "sidecar" "both") -}}
{{- include "akv-sync.sidecar" . -}}
{{- end -}}
{{- end -}}
{{- end }}

{{/* Elements of containers, before all others: one with mode classic, else none. */}}
{{- define "akv-sync.containers" -}}
{{- with index (.Subcharts | default dict) "akv-sync" | default . -}}
{{- include "akv-sync.checks" . -}}
{{- if eq .Values.mode "classic" -}}
{{- include "akv-sync.element" (list "akv-sync.fragment.classic" .) -}}
{{- end -}}
{{- end -}}
{{- end }}

{{/* One of initContainers alone, for a pod that has others in between: the native sidecar. */}}
{{- define "akv-sync.sidecar" -}}
{{- with index (.Subcharts | default dict) "akv-sync" | default . -}}
{{- include "akv-sync.checks" . -}}
{{- include "akv-sync.checks.mode" (list "sidecar" . "sidecar" "both") -}}
{{- $fragment := ternary "akv-sync.fragment.sidecar-post-start" "akv-sync.fragment.sidecar" (eq .Values.gate "postStart") -}}
{{- include "akv-sync.element" (list $fragment .) -}}
{{- end -}}
{{- end }}

{{/* The other: the container that writes the files once. */}}
{{- define "akv-sync.initContainer" -}}
{{- with index (.Subcharts | default dict) "akv-sync" | default . -}}
{{- include "akv-sync.checks" . -}}
{{- include "akv-sync.checks.mode" (list "initContainer" . "init" "both") -}}
{{- include "akv-sync.once" . -}}
{{- end -}}
{{- end }}

{{/* Elements of volumes. */}}
{{- define "akv-sync.volumes" -}}
{{- with index (.Subcharts | default dict) "akv-sync" | default . -}}
{{- include "akv-sync.checks.context" . -}}
{{- $sources := list (include "akv-sync.fragment.manifest-source" (dict "manifest" (include "akv-sync.manifestName" .)) | fromYaml) -}}
{{- with .Values.adminTokenSecret -}}
{{- $sources = append $sources (include "akv-sync.fragment.token-source" (dict "adminToken" .) | fromYaml) -}}
{{- end -}}
- {{ include "akv-sync.fragment.volume" (dict "sizeLimit" .Values.volume.sizeLimit) | indent 2 | trim }}
- {{ include "akv-sync.fragment.manifest-volume" (dict "sources" $sources) | indent 2 | trim }}
{{- if ne .Values.mode "init" }}
- {{ include "akv-sync.fragment.admin-volume" dict | indent 2 | trim }}
{{- end -}}
{{- with .Values.extraVolumes }}
{{ toYaml . }}
{{- end -}}
{{- end -}}
{{- end }}

{{/* An element of volumeMounts of each container that reads the files. */}}
{{- define "akv-sync.volumeMounts" -}}
{{- with index (.Subcharts | default dict) "akv-sync" | default . -}}
{{- include "akv-sync.checks.context" . -}}
- {{ include "akv-sync.fragment.mount" (dict "mountPath" (include "akv-sync.mountPath" .)) | indent 2 | trim }}
{{- end -}}
{{- end }}

{{/* Labels of the pod. */}}
{{- define "akv-sync.podLabels" -}}
{{- with index (.Subcharts | default dict) "akv-sync" | default . -}}
{{- include "akv-sync.checks.context" . -}}
{{- if .Values.workloadIdentity.enabled -}}
azure.workload.identity/use: "true"
{{- end -}}
{{- end -}}
{{- end }}

{{/*
Annotations of the pod: which containers get no token; and a checksum, so that the pod is replaced when the manifest changes in what
a running akv-sync does not take, which is everything for an init container.
*/}}
{{- define "akv-sync.podAnnotations" -}}
{{- with index (.Subcharts | default dict) "akv-sync" | default . -}}
{{- include "akv-sync.checks.context" . -}}
{{- if include "akv-sync.hasManifest" . -}}
{{- $fixed := .Values.manifest -}}
{{- if ne .Values.mode "init" -}}
{{- $fixed = dict "admin" .Values.manifest.admin "volume" (pick .Values.manifest.volume "path" "layout") -}}
{{- end -}}
akv-sync/manifest-checksum: {{ $fixed | toJson | sha256sum }}
{{ end -}}
{{- with .Values.workloadIdentity -}}
{{- if and .enabled .skipContainers -}}
azure.workload.identity/skip-containers: {{ join ";" .skipContainers | quote }}
{{- end -}}
{{- end -}}
{{- end -}}
{{- end }}

{{- define "akv-sync.mountPath" -}}
{{- $path := "/mnt/akv" -}}
{{- if include "akv-sync.hasManifest" . -}}
{{- $path = .Values.manifest.volume.path -}}
{{- end -}}
{{- .Values.volume.mountPath | default $path -}}
{{- end }}

{{/* The container that writes the files once, whatever the mode. */}}
{{- define "akv-sync.once" -}}
{{- include "akv-sync.element" (list "akv-sync.fragment.init" .) -}}
{{- end }}

{{/* A container as an element of a list, with variables and mounts of the values behind its own. Takes the name of its fragment, and the context. */}}
{{- define "akv-sync.element" -}}
{{- $root := last . -}}
{{- $container := include (first .) (include "akv-sync.container" $root | fromYaml) | fromYaml -}}
{{- with $root.Values.env -}}
{{- $_ := set $container "env" (concat ($container.env | default list) .) -}}
{{- end -}}
{{- with $root.Values.extraVolumeMounts -}}
{{- $_ := set $container "volumeMounts" (concat $container.volumeMounts .) -}}
{{- end -}}
- {{ toYaml $container | indent 2 | trim }}
{{- end }}

{{/* What the fragments of containers take. */}}
{{- define "akv-sync.container" -}}
{{- with .Values.resources -}}
{{- $resources := include "akv-sync.fragment.resources" (dict
      "cpuRequest" .requests.cpu
      "memoryRequest" .requests.memory
      "cpuLimit" .limits.cpu
      "memoryLimit" (.limits.memory | default (printf "%sMi" (include "akv-sync.leastMemory" $)))
    ) | fromYaml -}}
{{- $codes := include "akv-sync.exitCodes" $ | fromJsonArray -}}
{{- $rules := list -}}
{{- with $codes -}}
{{- $rules = list (include "akv-sync.fragment.restart-rule" (dict "exitCodes" .) | fromYaml) -}}
{{- end -}}
{{- toYaml (dict
      "restartPolicyRules" $rules
      "image" (include "akv-sync.image" $)
      "imagePullPolicy" $.Values.image.pullPolicy
      "mountPath" (include "akv-sync.mountPath" $)
      "resources" $resources
    ) -}}
{{- end -}}
{{- end }}

{{/* The codes at which the whole pod restarts in place, as JSON: those of hooks with `exit`. */}}
{{- define "akv-sync.exitCodes" -}}
{{- $codes := .Values.exitCodes -}}
{{- if include "akv-sync.hasManifest" . -}}
{{- $codes = list -}}
{{- range .Values.manifest.hooks -}}
{{- with .exit -}}
{{- $codes = append $codes (int .code) -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- uniq $codes | toJson -}}
{{- end }}
