{{/*
Generated from src/inject/fragments; rewritten by: UPDATE_REFERENCE=1 cargo test --lib inject::helm

Each gives YAML and takes a dict of the values that it names. A value may be a text, a list or a mapping.
*/}}

{{/* an init container: a native sidecar, whose startup probe the next container waits for. Takes image, mountPath, resources; where there is one: imagePullPolicy, restartPolicyRules. */}}
{{- define "akv-sync.fragment.sidecar" -}}
name: akv-sync
image: {{ required "akv-sync.fragment.sidecar: image is missing" .image | toJson }}
{{- with .imagePullPolicy }}
imagePullPolicy: {{ toJson . }}
{{- end }}
args:
  - run
env:
  - name: AKV_SYNC_ADMIN_LISTEN
    value: "[::]:8181"
  - name: AKV_SYNC_ADMIN_SOCKET
    value: /run/akv-sync/admin.sock
ports:
  - name: admin
    containerPort: 8181
livenessProbe:
  httpGet:
    path: /livez
    port: admin
  periodSeconds: 10
volumeMounts:
  - name: akv-admin
    mountPath: /run/akv-sync
  - name: akv
    mountPath: {{ required "akv-sync.fragment.sidecar: mountPath is missing" .mountPath | toJson }}
  - name: akv-manifest
    mountPath: /etc/akv-sync
    readOnly: true
restartPolicy: Always
{{- with .restartPolicyRules }}
restartPolicyRules: {{ toJson . }}
{{- end }}
startupProbe:
  httpGet:
    path: /startupz
    port: admin
  periodSeconds: 1
  failureThreshold: 600
resources: {{ required "akv-sync.fragment.sidecar: resources is missing" .resources | toJson }}
securityContext:
  runAsNonRoot: true
  allowPrivilegeEscalation: false
  readOnlyRootFilesystem: true
  capabilities:
    drop:
      - ALL
  seccompProfile:
    type: RuntimeDefault
terminationMessagePolicy: FallbackToLogsOnError
{{- end }}

{{/* the same with `postStart` in place of the startup probe. Takes image, mountPath, resources; where there is one: imagePullPolicy, restartPolicyRules. */}}
{{- define "akv-sync.fragment.sidecar-post-start" -}}
name: akv-sync
image: {{ required "akv-sync.fragment.sidecar-post-start: image is missing" .image | toJson }}
{{- with .imagePullPolicy }}
imagePullPolicy: {{ toJson . }}
{{- end }}
args:
  - run
env:
  - name: AKV_SYNC_ADMIN_LISTEN
    value: "[::]:8181"
  - name: AKV_SYNC_ADMIN_SOCKET
    value: /run/akv-sync/admin.sock
ports:
  - name: admin
    containerPort: 8181
livenessProbe:
  httpGet:
    path: /livez
    port: admin
  periodSeconds: 10
volumeMounts:
  - name: akv-admin
    mountPath: /run/akv-sync
  - name: akv
    mountPath: {{ required "akv-sync.fragment.sidecar-post-start: mountPath is missing" .mountPath | toJson }}
  - name: akv-manifest
    mountPath: /etc/akv-sync
    readOnly: true
restartPolicy: Always
{{- with .restartPolicyRules }}
restartPolicyRules: {{ toJson . }}
{{- end }}
lifecycle:
  postStart:
    exec:
      command:
        - /akv-sync
        - health
        - --socket
        - /run/akv-sync/admin.sock
        - --wait
        - 10m
resources: {{ required "akv-sync.fragment.sidecar-post-start: resources is missing" .resources | toJson }}
securityContext:
  runAsNonRoot: true
  allowPrivilegeEscalation: false
  readOnlyRootFilesystem: true
  capabilities:
    drop:
      - ALL
  seccompProfile:
    type: RuntimeDefault
terminationMessagePolicy: FallbackToLogsOnError
{{- end }}

{{/* a container, the first of its pod: a sidecar for clusters without native ones. Takes image, mountPath, resources; where there is one: imagePullPolicy. */}}
{{- define "akv-sync.fragment.classic" -}}
name: akv-sync
image: {{ required "akv-sync.fragment.classic: image is missing" .image | toJson }}
{{- with .imagePullPolicy }}
imagePullPolicy: {{ toJson . }}
{{- end }}
args:
  - run
env:
  - name: AKV_SYNC_ADMIN_LISTEN
    value: "[::]:8181"
  - name: AKV_SYNC_ADMIN_SOCKET
    value: /run/akv-sync/admin.sock
ports:
  - name: admin
    containerPort: 8181
livenessProbe:
  httpGet:
    path: /livez
    port: admin
  periodSeconds: 10
volumeMounts:
  - name: akv-admin
    mountPath: /run/akv-sync
  - name: akv
    mountPath: {{ required "akv-sync.fragment.classic: mountPath is missing" .mountPath | toJson }}
  - name: akv-manifest
    mountPath: /etc/akv-sync
    readOnly: true
lifecycle:
  postStart:
    exec:
      command:
        - /akv-sync
        - health
        - --socket
        - /run/akv-sync/admin.sock
        - --wait
        - 10m
resources: {{ required "akv-sync.fragment.classic: resources is missing" .resources | toJson }}
securityContext:
  runAsNonRoot: true
  allowPrivilegeEscalation: false
  readOnlyRootFilesystem: true
  capabilities:
    drop:
      - ALL
  seccompProfile:
    type: RuntimeDefault
terminationMessagePolicy: FallbackToLogsOnError
{{- end }}

{{/* an init container that ends when the files are there. Takes image, resources, mountPath; where there is one: imagePullPolicy. */}}
{{- define "akv-sync.fragment.init" -}}
name: akv-sync-init
image: {{ required "akv-sync.fragment.init: image is missing" .image | toJson }}
{{- with .imagePullPolicy }}
imagePullPolicy: {{ toJson . }}
{{- end }}
args:
  - once
  - --hooks=leave
resources: {{ required "akv-sync.fragment.init: resources is missing" .resources | toJson }}
securityContext:
  runAsNonRoot: true
  allowPrivilegeEscalation: false
  readOnlyRootFilesystem: true
  capabilities:
    drop:
      - ALL
  seccompProfile:
    type: RuntimeDefault
terminationMessagePolicy: FallbackToLogsOnError
volumeMounts:
  - name: akv
    mountPath: {{ required "akv-sync.fragment.init: mountPath is missing" .mountPath | toJson }}
  - name: akv-manifest
    mountPath: /etc/akv-sync
    readOnly: true
{{- end }}

{{/* of each container. Takes cpuRequest, memoryRequest, memoryLimit; where there is one: cpuLimit. */}}
{{- define "akv-sync.fragment.resources" -}}
requests:
  cpu: {{ required "akv-sync.fragment.resources: cpuRequest is missing" .cpuRequest | toJson }}
  memory: {{ required "akv-sync.fragment.resources: memoryRequest is missing" .memoryRequest | toJson }}
limits:
  {{- with .cpuLimit }}
  cpu: {{ toJson . }}
  {{- end }}
  memory: {{ required "akv-sync.fragment.resources: memoryLimit is missing" .memoryLimit | toJson }}
{{- end }}

{{/* an element of `restartPolicyRules`; `exitCodes` is a list of numbers. Takes exitCodes. */}}
{{- define "akv-sync.fragment.restart-rule" -}}
action: RestartAllContainers
exitCodes:
  operator: In
  values: {{ required "akv-sync.fragment.restart-rule: exitCodes is missing" .exitCodes | toJson }}
{{- end }}

{{/* the volume with the files. Takes sizeLimit. */}}
{{- define "akv-sync.fragment.volume" -}}
name: akv
emptyDir:
  medium: Memory
  sizeLimit: {{ required "akv-sync.fragment.volume: sizeLimit is missing" .sizeLimit | toJson }}
{{- end }}

{{/* the volume with the manifest; `sources` is a list of the two that follow. Takes sources. */}}
{{- define "akv-sync.fragment.manifest-volume" -}}
name: akv-manifest
projected:
  sources: {{ required "akv-sync.fragment.manifest-volume: sources is missing" .sources | toJson }}
{{- end }}

{{/* the ConfigMap with the manifest, which has the key `manifest.yaml`. Takes manifest. */}}
{{- define "akv-sync.fragment.manifest-source" -}}
configMap:
  name: {{ required "akv-sync.fragment.manifest-source: manifest is missing" .manifest | toJson }}
{{- end }}

{{/* the Secret with the token of the admin port, which has the key `token`. Takes adminToken. */}}
{{- define "akv-sync.fragment.token-source" -}}
secret:
  name: {{ required "akv-sync.fragment.token-source: adminToken is missing" .adminToken | toJson }}
  items:
    - key: token
      path: token
{{- end }}

{{/* the volume with the admin socket; `init` needs none. Takes nothing. */}}
{{- define "akv-sync.fragment.admin-volume" -}}
name: akv-admin
emptyDir: {}
{{- end }}

{{/* in the application's containers. Takes mountPath. */}}
{{- define "akv-sync.fragment.mount" -}}
name: akv
mountPath: {{ required "akv-sync.fragment.mount: mountPath is missing" .mountPath | toJson }}
readOnly: true
{{- end }}
