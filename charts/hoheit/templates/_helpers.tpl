{{- /* For ever: seals and gates of model servers select the operator by these two (operator/lib/labels.ts). */}}
{{- define "hoheit.selector" -}}
app.kubernetes.io/name: hoheit
app.kubernetes.io/component: operator
{{- end }}

{{- define "hoheit.labels" -}}
{{ include "hoheit.selector" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/part-of: hoheit
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" }}
{{- end }}

{{- define "hoheit.image" -}}
{{- $tag := .Values.image.tag | default .Chart.AppVersion }}
{{- if .Values.image.digest }}{{ .Values.image.repository }}@{{ .Values.image.digest }}{{ else }}{{ .Values.image.repository }}:{{ $tag }}{{ end }}
{{- end }}
