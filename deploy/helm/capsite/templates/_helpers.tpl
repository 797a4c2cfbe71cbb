{{- define "capsite.name" -}}
{{- .Release.Name | trunc 40 | trimSuffix "-" -}}
{{- end -}}

{{/* What a pod belongs to; of two colours each has pods of its own. */}}
{{- define "capsite.selector" -}}
app.kubernetes.io/name: capsite
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{- define "capsite.labels" -}}
{{ include "capsite.selector" . }}
app.kubernetes.io/version: {{ .Values.image.tag | default .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ .Chart.Name }}-{{ .Chart.Version }}
{{- with .Values.blueGreen.colour }}
capsite/colour: {{ . }}
{{- end }}
{{- end -}}

{{- define "capsite.image" -}}
{{ .Values.image.repository }}:{{ .Values.image.tag | default .Chart.AppVersion }}
{{- end -}}

{{- define "capsite.claim" -}}
{{ .Values.media.existingClaim | default (printf "%s-media" (include "capsite.name" .)) }}
{{- end -}}

{{/* What every pod of the site has: an account without rights, nothing to write but /tmp. */}}
{{- define "capsite.pod" -}}
automountServiceAccountToken: false
enableServiceLinks: false
{{- with .Values.image.pullSecrets }}
imagePullSecrets:
  {{- range . }}
  - name: {{ . }}
  {{- end }}
{{- end }}
securityContext:
  runAsNonRoot: true
  runAsUser: 10001
  runAsGroup: 10001
  fsGroup: 10001
  fsGroupChangePolicy: OnRootMismatch
  seccompProfile: {type: RuntimeDefault}
{{- end -}}

{{- define "capsite.container" -}}
imagePullPolicy: {{ .Values.image.pullPolicy }}
securityContext:
  allowPrivilegeEscalation: false
  readOnlyRootFilesystem: true
  capabilities: {drop: [ALL]}
{{- end -}}

{{- define "capsite.settings" -}}
envFrom:
  - configMapRef: {name: {{ include "capsite.name" . }}}
  - secretRef: {name: {{ .Values.secret.name }}}
{{- end -}}

{{/* Named one by one, so that a pod does not start where the Secret lacks one of them. */}}
{{- define "capsite.keys" -}}
{{- $secret := .Values.secret.name -}}
{{- range list "CAPSITE_SECRET_KEY" "CAPSITE_OIDC_KEY" "DATABASE_URL" "REDIS_URL" }}
- name: {{ . }}
  valueFrom:
    secretKeyRef: {name: {{ $secret }}, key: {{ . }}}
{{- end }}
{{- end -}}

{{/* For worker, courier and beat. */}}
{{- define "capsite.figures" -}}
- {name: CAPSITE_METRICS_PORT, value: {{ .Values.metrics.port | quote }}}
{{- end -}}

{{- define "capsite.mounts" -}}
volumeMounts:
  - {name: tmp, mountPath: /tmp}
  - {name: media, mountPath: /media-files}
{{- end -}}

{{- define "capsite.volumes" -}}
volumes:
  - name: tmp
    emptyDir: {sizeLimit: 1Gi}
  - name: media
    persistentVolumeClaim: {claimName: {{ include "capsite.claim" . }}}
{{- end -}}

{{/* A pod starts anew when a setting changes. */}}
{{- define "capsite.checksum" -}}
checksum/settings: {{ toJson .Values.settings | sha256sum }}
{{- end -}}

{{/* For what has no web port: the port of its figures, which opens once the process is up. */}}
{{- define "capsite.alive" -}}
ports:
  - {name: metrics, containerPort: {{ .Values.metrics.port }}}
startupProbe:
  httpGet: {path: /metrics, port: metrics}
  periodSeconds: 5
  failureThreshold: 60
livenessProbe:
  httpGet: {path: /metrics, port: metrics}
  periodSeconds: 30
  timeoutSeconds: 10
  failureThreshold: 4
{{- end -}}
