{{/* What the two admission policies of injection-policy.yaml share. */}}

{{/*
YAML to a literal of CEL. A text that begins with `cel:` is CEL already; the key of one that begins with `cel?:` is there where
that optional has a value. `dyn`, since CEL wants one type for all values of a mapping.
*/}}
{{- define "akv-sync.cel" -}}
{{- if kindIs "map" . -}}
{
{{- range $key, $value := . }}
  {{ if and (kindIs "string" $value) (hasPrefix "cel?:" $value) -}}
  ?{{ toJson $key }}: {{ trimPrefix "cel?:" $value }},
  {{- else -}}
  {{ toJson $key }}: dyn({{ include "akv-sync.cel" $value | indent 2 | trim }}),
  {{- end -}}
{{- end }}
}
{{- else if kindIs "slice" . -}}
[
{{- range . }}
  {{ include "akv-sync.cel" . | indent 2 | trim }},
{{- end }}
]
{{- else if and (kindIs "string" .) (hasPrefix "cel:" .) -}}
{{ trimPrefix "cel:" . }}
{{- else -}}
{{ toJson . }}
{{- end -}}
{{- end }}

{{/* A fragment of _fragments.tpl as a literal of CEL. Takes a list: its name, and its values. */}}
{{- define "akv-sync.cel.fragment" -}}
{{- include (printf "akv-sync.fragment.%s" (first .)) (last .) | fromYaml | include "akv-sync.cel" -}}
{{- end }}

{{/* Variables: what pod and platform say, and what the pod has. */}}
{{- define "akv-sync.injection.variables" -}}
- name: label
  expression: object.metadata.?labels[?"akv-sync/inject"].orValue("")
- name: annotations
  expression: object.metadata.?annotations.orValue({})
- name: known
  expression: '{{ include "akv-sync.injection.known" . }}'
{{- range include "akv-sync.injection.words" . | fromYamlArray }}
- name: {{ .variable }}
  expression: >-
    variables.annotations[?"akv-sync/{{ .name }}"].orValue("") != "" ? variables.annotations["akv-sync/{{ .name }}"] :
    {{- if .ofPlatform }}
    params.?data[?"{{ .name }}"].orValue("") != "" ? params.data["{{ .name }}"] :
    {{- end }}
    "{{ .default }}"
{{- end }}
- name: quantities
  expression: '{{ include "akv-sync.injection.quantities" . }}'
- name: named
  expression: 'variables.containers == "" ? [] : variables.containers.split(",").map(n, n.trim())'
- name: codes
  expression: 'variables.exitCodes == "" ? [] : variables.exitCodes.split(",").map(c, c.trim())'
- name: initContainers
  expression: object.spec.?initContainers.orValue([])
- name: volumes
  expression: object.spec.?volumes.orValue([])
- name: ours
  expression: '["akv-sync", "akv-sync-init"]'
- name: injected
  expression: (object.spec.containers + variables.initContainers).exists(c, c.name in variables.ours)
- name: readers
  expression: >-
    variables.containers == "" ? object.spec.containers.filter(c, !(c.name in variables.ours)) :
    (object.spec.containers + variables.initContainers).filter(c, c.name in variables.named)
# Of each: container, volume, path, and where that is for the container, which takes `mnt/./akv//` for `/mnt/akv`.
- name: mounts
  expression: >-
    variables.readers.map(c, c.?volumeMounts.orValue([]).map(m, [string(c.name), string(m.name), string(m.mountPath),
    "/" + m.mountPath.split("/").filter(n, !(n in ["", "."])).join("/")])).flatten()
- name: problems
  expression: |-
    {{- include "akv-sync.injection.problems" . | nindent 4 }}
{{- end }}

{{/* What is added, as a list of JSONPatch in CEL. Lists that are not there are made first, and indices come before insertions. */}}
{{- define "akv-sync.injection.patches" -}}
{{- $resources := include "akv-sync.fragment.resources" (dict
      "cpuRequest" "cel:variables.cpuRequest"
      "cpuLimit" "cel?:variables.cpuLimit == \"\" ? optional.none() : optional.of(dyn(variables.cpuLimit))"
      "memoryRequest" "cel:variables.memoryRequest"
      "memoryLimit" "cel:variables.memoryLimit"
    ) | fromYaml -}}
{{- $rule := include "akv-sync.cel.fragment" (list "restart-rule" (dict "exitCodes" "cel:variables.codes.map(c, int(c))")) -}}
{{- $values := dict
      "image" "cel:variables.image"
      "imagePullPolicy" "cel:variables.imagePullPolicy"
      "mountPath" "cel:variables.mountPath"
      "manifest" "cel:variables.manifest"
      "adminToken" "cel:variables.adminToken"
      "sizeLimit" "cel:variables.sizeLimit"
      "resources" $resources
      "restartPolicyRules" (printf "cel?:size(variables.codes) == 0 ? optional.none() : optional.of(dyn([%s]))" $rule)
-}}
{{- $sources := printf "cel:[%s] + (variables.adminToken == \"\" ? [] : [%s])"
      (include "akv-sync.cel.fragment" (list "manifest-source" $values))
      (include "akv-sync.cel.fragment" (list "token-source" $values))
-}}
{{- $values = merge (dict "sources" $sources) $values -}}
size(variables.problems) > 0 || variables.injected ? [] : (
  // volumes
  (has(object.spec.volumes) ? [] : [JSONPatch{op: "add", path: "/spec/volumes", value: []}]) +
  (variables.volumes.exists(v, v.name == "akv") ? [] : [JSONPatch{op: "add", path: "/spec/volumes/-", value:
    {{- include "akv-sync.cel.fragment" (list "volume" $values) | nindent 4 }}}]) +
  [JSONPatch{op: "add", path: "/spec/volumes/-", value:
    {{- include "akv-sync.cel.fragment" (list "manifest-volume" $values) | nindent 4 }}}] +
  (variables.mode == "init" ? [] : [JSONPatch{op: "add", path: "/spec/volumes/-", value:
    {{- include "akv-sync.cel.fragment" (list "admin-volume" $values) | nindent 4 }}}]) +
  // mounts
  {{- range $list, $containers := dict "containers" "object.spec.containers" "initContainers" "variables.initContainers" }}
  lists.range(size({{ $containers }})).filter(i, {{ $containers }}[i] in variables.readers &&
    !variables.mounts.exists(m, m[0] == {{ $containers }}[i].name && m[1] == "akv" && m[3] == variables.mountPath)
  ).map(i, (has({{ $containers }}[i].volumeMounts) ? [] : [JSONPatch{op: "add",
    path: "/spec/{{ $list }}/" + string(i) + "/volumeMounts", value: []}]) +
    [JSONPatch{op: "add", path: "/spec/{{ $list }}/" + string(i) + "/volumeMounts/-", value:
    {{- include "akv-sync.cel.fragment" (list "mount" $values) | nindent 4 }}}]).flatten() +
  {{- end }}
  // containers, in front of others
  (has(object.spec.initContainers) ? [] : [JSONPatch{op: "add", path: "/spec/initContainers", value: []}]) +
  (variables.mode == "init" ? [] : [JSONPatch{op: "add", path: "/spec/initContainers/0", value:
    {{- include "akv-sync.cel.fragment" (list "sidecar" $values) | nindent 4 }}}]) +
  (variables.mode == "sidecar" ? [] : [JSONPatch{op: "add", path: "/spec/initContainers/0", value:
    {{- include "akv-sync.cel.fragment" (list "init" $values) | nindent 4 }}}])
)
{{- end }}
