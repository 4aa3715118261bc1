{{/* How replicas, and whoever migrates for them, reach what they share. */}}

{{- define "roomwatch.clusterEnvironment" -}}
- name: ROOMWATCH_CLUSTER_POSTGRES_FILE
  value: {{ include "roomwatch.postgresFolder" . }}/{{ .Values.cluster.postgres.addressKey }}
- name: ROOMWATCH_CLUSTER_CLICKHOUSE
  value: {{ .Values.cluster.clickhouse.url | quote }}
- name: ROOMWATCH_CLUSTER_CLICKHOUSE_USER
  value: {{ .Values.cluster.clickhouse.user | quote }}
- name: ROOMWATCH_CLUSTER_CLICKHOUSE_DATABASE
  value: {{ .Values.cluster.clickhouse.database | quote }}
{{- if .Values.cluster.clickhouse.cluster }}
- name: ROOMWATCH_CLUSTER_CLICKHOUSE_CLUSTER
  value: {{ .Values.cluster.clickhouse.cluster | quote }}
{{- end }}
{{- if .Values.cluster.clickhouse.passwordKey }}
- name: ROOMWATCH_CLUSTER_CLICKHOUSE_PASSWORD_FILE
  value: {{ include "roomwatch.clickhouseFolder" . }}/{{ .Values.cluster.clickhouse.passwordKey }}
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
- ports:
    - port: {{ .Values.networkPolicy.postgres.port }}
      protocol: TCP
  to:
    {{- toYaml .Values.networkPolicy.postgres.to | nindent 4 }}
- ports:
    - port: {{ .Values.networkPolicy.clickhouse.port }}
      protocol: TCP
  to:
    {{- toYaml .Values.networkPolicy.clickhouse.to | nindent 4 }}
{{- end -}}
