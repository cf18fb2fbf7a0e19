{{- define "seatkeeper.name" -}}
{{ .Release.Name | trunc 50 | trimSuffix "-" }}
{{- end }}

{{- define "seatkeeper.selector" -}}
app.kubernetes.io/name: seatkeeper
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "seatkeeper.labels" -}}
{{ include "seatkeeper.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ .Chart.Name }}-{{ .Chart.Version }}
{{- end }}

{{/* A pod of Seatkeeper. Takes the root, the component, its arguments, resources and probes. */}}
{{- define "seatkeeper.pod" -}}
metadata:
  labels:
    {{- include "seatkeeper.labels" .root | nindent 4 }}
    app.kubernetes.io/component: {{ .component }}
    {{- with .root.Values.podLabels }}{{ toYaml . | nindent 4 }}{{ end }}
  {{- with .root.Values.podAnnotations }}
  annotations:
    {{- toYaml . | nindent 4 }}
  {{- end }}
spec:
  serviceAccountName: {{ .root.Values.serviceAccountName }}
  automountServiceAccountToken: false
  enableServiceLinks: false
  terminationGracePeriodSeconds: 30
  {{- if eq .component "migrate" }}
  restartPolicy: Never
  {{- end }}
  securityContext:
    runAsNonRoot: true
    runAsUser: 10001
    runAsGroup: 10001
    fsGroup: 10001
    seccompProfile: {type: RuntimeDefault}
  {{- with .root.Values.imagePullSecrets }}
  imagePullSecrets: {{ toYaml . | nindent 4 }}
  {{- end }}
  {{- with .root.Values.nodeSelector }}
  nodeSelector: {{ toYaml . | nindent 4 }}
  {{- end }}
  {{- with .root.Values.tolerations }}
  tolerations: {{ toYaml . | nindent 4 }}
  {{- end }}
  topologySpreadConstraints:
    - maxSkew: 1
      topologyKey: kubernetes.io/hostname
      whenUnsatisfiable: ScheduleAnyway
      labelSelector:
        matchLabels:
          {{- include "seatkeeper.selector" .root | nindent 10 }}
          app.kubernetes.io/component: {{ .component }}
  containers:
    - name: seatkeeper
      image: "{{ .root.Values.image.repository }}:{{ .root.Values.image.tag | default .root.Chart.AppVersion }}"
      imagePullPolicy: {{ .root.Values.image.pullPolicy }}
      args: {{ toJson .args }}
      env:
        - {name: SEATKEEPER_SECRET_KEY_FILE, value: /run/secrets/seatkeeper/secret-key}
        - {name: SEATKEEPER_DATABASE_URL_FILE, value: /run/secrets/seatkeeper/database-url}
        {{- range $name, $value := .root.Values.settings }}
        - {name: {{ $name }}, value: {{ $value | quote }}}
        {{- end }}
      {{- with .probes }}{{ . | nindent 6 }}{{ end }}
      resources: {{ toYaml .resources | nindent 8 }}
      securityContext:
        allowPrivilegeEscalation: false
        readOnlyRootFilesystem: true
        capabilities: {drop: [ALL]}
      volumeMounts:
        - {name: secrets, mountPath: /run/secrets/seatkeeper, readOnly: true}
        - {name: data, mountPath: /data}
        - {name: tmp, mountPath: /tmp}
  volumes:
    - name: secrets
      {{- if .root.Values.secrets.existingSecret }}
      secret:
        secretName: {{ .root.Values.secrets.existingSecret }}
        defaultMode: 0440
      {{- else }}
      {{- toYaml .root.Values.secrets.volume | nindent 6 }}
      {{- end }}
    - name: data
      {{- toYaml (.root.Values.dataVolume | default (dict "emptyDir" (dict))) | nindent 6 }}
    - {name: tmp, emptyDir: {}}
{{- end }}
