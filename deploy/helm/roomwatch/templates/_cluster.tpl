{{/* How replicas, and whoever migrates for them, reach what they share. */}}

{{- define "roomwatch.clusterEnvironment" -}}
- name: ROOMWATCH_CLUSTER_POSTGRES_FILE
  value: {{ include "roomwatch.postgresFolder" . }}/{{ .Values.cluster.postgres.addressKey }}
{{- with .Values.cluster.clickhouse }}
- name: ROOMWATCH_CLUSTER_CLICKHOUSE
  value: {{ .url | quote }}
- name: ROOMWATCH_CLUSTER_CLICKHOUSE_USER
  value: {{ .user | quote }}
- name: ROOMWATCH_CLUSTER_CLICKHOUSE_DATABASE
  value: {{ .database | quote }}
{{- if .cluster }}
- name: ROOMWATCH_CLUSTER_CLICKHOUSE_CLUSTER
  value: {{ .cluster | quote }}
{{- end }}
{{- if .passwordKey }}
- name: ROOMWATCH_CLUSTER_CLICKHOUSE_PASSWORD_FILE
  value: {{ include "roomwatch.clickhouseFolder" $ }}/{{ .passwordKey }}
{{- end }}
{{- end }}
{{- end -}}

{{- define "roomwatch.postgresFolder" -}}
/etc/roomwatch/{{ ternary "postgres" "secrets" (not (empty .Values.cluster.postgres.existingSecret)) }}
{{- end -}}

{{- define "roomwatch.clickhouseFolder" -}}
/etc/roomwatch/{{ ternary "clickhouse" "secrets" (not (empty .Values.cluster.clickhouse.existingSecret)) }}
{{- end -}}

{{- define "roomwatch.clusterMounts" -}}
{{- range $database := list "postgres" "clickhouse" }}
{{- if (index $.Values.cluster $database).existingSecret }}
- name: {{ $database }}
  mountPath: /etc/roomwatch/{{ $database }}
  readOnly: true
{{- end }}
{{- end }}
{{- end -}}

{{- define "roomwatch.clusterVolumes" -}}
{{- range $database := list "postgres" "clickhouse" }}
{{- with (index $.Values.cluster $database).existingSecret }}
- name: {{ $database }}
  secret:
    secretName: {{ . }}
    defaultMode: 0440
{{- end }}
{{- end }}
{{- end -}}

{{/* Where PostgreSQL and ClickHouse are, as NetworkPolicy writes it. */}}
{{- define "roomwatch.clusterEgress" -}}
{{- range $database := list "postgres" "clickhouse" }}
{{- with index $.Values.networkPolicy $database }}
- ports:
    - port: {{ .port }}
      protocol: TCP
  to:
    {{- toYaml .to | nindent 4 }}
{{- end }}
{{- end }}
{{- end -}}
