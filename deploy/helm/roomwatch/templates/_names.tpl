{{/* What everything is called. */}}

{{- define "roomwatch.fullname" -}}
{{- if .Values.fullnameOverride -}}
{{ .Values.fullnameOverride }}
{{- else if contains .Chart.Name .Release.Name -}}
{{ .Release.Name | trunc 50 | trimSuffix "-" }}
{{- else -}}
{{ printf "%s-%s" .Release.Name .Chart.Name | trunc 50 | trimSuffix "-" }}
{{- end -}}
{{- end -}}

{{- define "roomwatch.selectorLabels" -}}
app.kubernetes.io/name: {{ .Chart.Name }}
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/component: daemon
{{- end -}}

{{- define "roomwatch.labels" -}}
app.kubernetes.io/name: {{ .Chart.Name }}
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" }}
{{- end -}}

{{- define "roomwatch.image" -}}
{{- with .Values.image -}}
{{- if .digest -}}
{{ .repository }}@{{ .digest }}
{{- else -}}
{{ .repository }}:{{ .tag | default $.Chart.AppVersion }}
{{- end -}}
{{- end -}}
{{- end -}}

{{/* The Secret that must be there: yours, or the one that the External Secrets Operator makes. */}}
{{- define "roomwatch.secret" -}}
{{- if .Values.externalSecret.enabled -}}
{{ include "roomwatch.fullname" . }}
{{- else -}}
{{ required "secret.existingSecret: expected the name of a Secret with the tokens of the private listener, or externalSecret.enabled, got neither" .Values.secret.existingSecret }}
{{- end -}}
{{- end -}}

{{- define "roomwatch.claim" -}}
{{ .Values.persistence.existingClaim | default (include "roomwatch.fullname" .) }}
{{- end -}}

{{/* How the private listener is spoken to. */}}
{{- define "roomwatch.privateScheme" -}}
{{ ternary "https" "http" (not (empty .Values.private.tls.existingSecret)) }}
{{- end -}}

{{- define "roomwatch.publicScheme" -}}
{{ ternary "https" "http" (not (empty .Values.public.tls.existingSecret)) }}
{{- end -}}

{{/* How the world reaches the public listener; empty if nobody has said. */}}
{{- define "roomwatch.publicUrl" -}}
{{- if .Values.public.url -}}
{{ .Values.public.url }}
{{- else if .Values.ingress.enabled -}}
https://{{ .Values.ingress.host }}
{{- end -}}
{{- end -}}

{{/* The configuration as the daemon reads it: yours, and the tables that are the chart's. */}}
{{- define "roomwatch.config" -}}
{{ .Values.config | trim }}

# By the chart: Prometheus.
[private.tokens.prometheus]
role = "viewer"
token_file = "/etc/roomwatch/secrets/{{ .Values.secret.prometheusTokenKey }}"
{{- if .Values.public.tls.existingSecret }}

[public.tls]
cert_file = "/etc/roomwatch/tls/public/tls.crt"
key_file = "/etc/roomwatch/tls/public/tls.key"
{{- end }}
{{- if and .Values.private.tls.existingSecret (not .Values.private.tls.webConfigKey) }}

[private.tls]
cert_file = "/etc/roomwatch/tls/private/tls.crt"
key_file = "/etc/roomwatch/tls/private/tls.key"
{{- end }}
{{- end -}}
