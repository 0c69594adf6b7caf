{{/*
Generated from src/inject/words.rs and src/inject/refusals.yaml; rewritten by: UPDATE_REFERENCE=1 cargo test --lib inject::helm

Of the admission policies, whose variables are in _policy.tpl.
*/}}

{{/* Annotations, and what holds where neither pod nor platform says it. */}}
{{- define "akv-sync.injection.words" -}}
- name: manifest
  variable: manifest
  default: ""
  ofPlatform: false
- name: containers
  variable: containers
  default: ""
  ofPlatform: false
- name: admin-token
  variable: adminToken
  default: ""
  ofPlatform: false
- name: exit-codes
  variable: exitCodes
  default: ""
  ofPlatform: false
- name: mount-path
  variable: mountPath
  default: "/mnt/akv"
  ofPlatform: true
- name: mode
  variable: mode
  default: "sidecar"
  ofPlatform: true
- name: image
  variable: image
  default: ""
  ofPlatform: true
- name: image-pull-policy
  variable: imagePullPolicy
  default: "IfNotPresent"
  ofPlatform: true
- name: size-limit
  variable: sizeLimit
  default: "16Mi"
  ofPlatform: true
- name: cpu-request
  variable: cpuRequest
  default: "10m"
  ofPlatform: true
- name: cpu-limit
  variable: cpuLimit
  default: ""
  ofPlatform: true
- name: memory-request
  variable: memoryRequest
  default: "32Mi"
  ofPlatform: true
- name: memory-limit
  variable: memoryLimit
  default: "48Mi"
  ofPlatform: true
{{- end }}

{{/* A list in CEL: annotations that are no mistake. */}}
{{- define "akv-sync.injection.known" -}}
["manifest", "containers", "admin-token", "exit-codes", "mount-path", "mode", "image", "image-pull-policy", "size-limit", "cpu-request", "cpu-limit", "memory-request", "memory-limit", "manifest-checksum"]
{{- end }}

{{/* A list in CEL: words that are quantities, with their values and the least that they may be. */}}
{{- define "akv-sync.injection.quantities" -}}
[["size-limit", string(variables.sizeLimit), "4Ki"], ["cpu-request", string(variables.cpuRequest), "0"], ["cpu-limit", string(variables.cpuLimit), "1m"], ["memory-request", string(variables.memoryRequest), "0"], ["memory-limit", string(variables.memoryLimit), "0"]]
{{- end }}

{{/* A list in CEL: all that cannot work in a pod, in words. */}}
{{- define "akv-sync.injection.problems" -}}
// label
((variables.label == "true" ? [] : [[variables.label]]).map(f, "the label akv-sync/inject is \"" + f[0] + "\": set it to \"true\", or remove it")) +
// annotation
((variables.annotations.filter(a, a.startsWith("akv-sync/") && !(a.substring(9) in variables.known)) .map(a, [string(a).substring(9)])).map(f, "the annotation akv-sync/" + f[0] + " is not known: use manifest, containers, admin-token, exit-codes, mount-path, mode, image, image-pull-policy, size-limit, cpu-request, cpu-limit, memory-request or memory-limit")) +
// manifest
(variables.injected ? [] : (variables.manifest == "" ? [[""]] : []).map(f, "the annotation akv-sync/manifest is missing: set it to the name of the ConfigMap that has the key manifest.yaml")) +
// image
(variables.injected ? [] : (variables.image == "" ? [[""]] : []).map(f, "no image is known: set the annotation akv-sync/image, or image in the defaults of the platform")) +
// mode
(variables.injected ? [] : (variables.mode in ["sidecar", "init", "both"] ? [] : [[variables.mode]]).map(f, "the mode \"" + f[0] + "\" is not known: set akv-sync/mode to sidecar, init or both")) +
// mountPath
(variables.injected ? [] : (variables.mountPath.matches("^(/[^/:]+)+$") && !variables.mountPath.matches("/\\.\\.?(/|$)") ? [] : [[variables.mountPath]]).map(f, "the mount path \"" + f[0] + "\" cannot be used: set akv-sync/mount-path to an absolute path without \"..\", \":\" or a \"/\" at its end")) +
// pathNeeded
(variables.injected ? [] : (["/akv-sync", "/bin", "/dev", "/etc/akv-sync", "/etc/pki", "/etc/ssl/certs", "/lib", "/lib64", "/proc", "/run/akv-sync", "/run/secrets", "/sbin", "/sys", "/usr/bin", "/usr/lib", "/usr/local/bin", "/usr/sbin", "/var/run/secrets"].filter(p, (variables.mountPath + "/").startsWith(p + "/") || (p + "/").startsWith(variables.mountPath + "/")) .map(p, [string(variables.mountPath), p])).map(f, "the mount path \"" + f[0] + "\" clashes with " + f[1] + ", which containers need: set akv-sync/mount-path to a path of its own, such as /mnt/akv")) +
// pullPolicy
(variables.injected ? [] : (variables.imagePullPolicy in ["Always", "IfNotPresent", "Never"] ? [] : [[variables.imagePullPolicy]]).map(f, "the pull policy \"" + f[0] + "\" is not known: set akv-sync/image-pull-policy to Always, IfNotPresent or Never")) +
// containers
(variables.injected ? [] : (variables.named.filter(n, !(object.spec.containers + variables.initContainers).exists(c, c.name == n)).map(n, [n])).map(f, "the annotation akv-sync/containers names \"" + f[0] + "\", which the pod does not have: name containers and init containers of the pod, with commas between them")) +
// exitCodes
(variables.injected ? [] : (variables.codes.filter(c, !c.matches("^0*(6[4-9]|[7-9][0-9]|10[0-9]|11[0-3])$")).map(c, [c])).map(f, "the exit code \"" + f[0] + "\" cannot be used: set akv-sync/exit-codes to numbers from 64 to 113, with commas between them")) +
// pathTaken
(variables.injected ? [] : (variables.mounts.filter(m, (m[3] + "/").startsWith(variables.mountPath + "/") && (m[1] != "akv" || m[3] != variables.mountPath))).map(f, "the container " + f[0] + " mounts the volume " + f[1] + " at " + f[2] + ", where the files would be: mount it elsewhere, or set akv-sync/mount-path")) +
// pathUp
(variables.injected ? [] : (variables.mounts.filter(m, m[3].split("/").exists(n, n == ".."))).map(f, "the container " + f[0] + " mounts the volume " + f[1] + " at " + f[2] + ", which may be where the files would be: write the path without \"..\"")) +
// subPath
(((object.spec.containers + variables.initContainers).filter(c, c.?volumeMounts.orValue([]).exists(m, m.name == "akv" && (has(m.subPath) || has(m.subPathExpr)))).map(c, [c.name])).map(f, "the container " + f[0] + " mounts the volume akv by subPath, which never changes: mount the whole volume, or leave the mount to akv-sync")) +
// volumeType
((variables.volumes.filter(v, v.name == "akv" && v.?emptyDir.?medium.orValue("") != "Memory").map(v, [v.name])).map(f, "the volume akv is no emptyDir with medium Memory: give it another name, or leave it to akv-sync")) +
// volumeTaken
(variables.injected ? [] : (variables.volumes.filter(v, v.name in ["akv-manifest", "akv-admin"]).map(v, [v.name])).map(f, "the pod has a volume " + f[0] + ", whose name akv-sync needs: give it another name")) +
// hostNetwork
((object.spec.?hostNetwork.orValue(false) && variables.adminToken == "" && (variables.injected ? (object.spec.containers + variables.initContainers).exists(c, c.name == "akv-sync") : variables.mode != "init") ? [[""]] : []).map(f, "the pod has hostNetwork, where whoever is on the node or reaches it reaches the admin port: set akv-sync/admin-token to the name of a Secret with the key token, or remove hostNetwork")) +
// port
(variables.injected ? [] : (variables.mode == "init" ? [] : (object.spec.containers + variables.initContainers).filter(c, c.?ports.orValue([]).exists(p, p.containerPort == 8181)).map(c, [c.name])).map(f, "the container " + f[0] + " has the port 8181, at which akv-sync is asked whether the files are there: give it another one")) +
// root
(variables.injected ? [] : (object.spec.?securityContext.?runAsUser.orValue(-1) == 0 ? [[""]] : []).map(f, "the pod has runAsUser 0, with which the containers of akv-sync do not start, as they never run as root: set it in the containers that need it")) +
// quantity
(variables.injected ? [] : (variables.quantities.filter(q, q[1] != "" && !isQuantity(q[1]))).map(f, "\"" + f[1] + "\" is no quantity such as 10m or 16Mi: correct akv-sync/" + f[0] + "")) +
// tooLittle
(variables.injected ? [] : (variables.quantities.filter(q, isQuantity(q[1]) && quantity(q[1]).isLessThan(quantity(q[2])))).map(f, "" + f[1] + " is less than " + f[2] + ", which is the least that can work: raise akv-sync/" + f[0] + "")) +
// request
(variables.injected ? [] : ([["cpu", string(variables.cpuRequest), string(variables.cpuLimit)], ["memory", string(variables.memoryRequest), string(variables.memoryLimit)]] .filter(r, isQuantity(r[1]) && isQuantity(r[2]) && quantity(r[1]).isGreaterThan(quantity(r[2])))).map(f, "the " + f[0] + " request " + f[1] + " is more than the limit " + f[2] + ": lower akv-sync/" + f[0] + "-request, or raise akv-sync/" + f[0] + "-limit")) +
// memory
(variables.injected ? [] : (isQuantity(variables.memoryLimit) && isQuantity(variables.sizeLimit) && quantity(variables.memoryLimit) .isLessThan(quantity(variables.sizeLimit).add(quantity("32Mi"))) ? [[variables.memoryLimit, variables.sizeLimit]] : []).map(f, "the memory limit " + f[0] + " is less than 32Mi and the size limit " + f[1] + ", since files in memory count against it: raise akv-sync/memory-limit, or lower akv-sync/size-limit"))
{{- end }}

{{/* As JSON: what containers need, so that no files may be mounted at, below or above it. */}}
{{- define "akv-sync.neededPaths" -}}
["/akv-sync","/bin","/dev","/etc/akv-sync","/etc/pki","/etc/ssl/certs","/lib","/lib64","/proc","/run/akv-sync","/run/secrets","/sbin","/sys","/usr/bin","/usr/lib","/usr/local/bin","/usr/sbin","/var/run/secrets"]
{{- end }}
