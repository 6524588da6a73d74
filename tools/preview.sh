#!/usr/bin/env bash
# Previews one stack with a read-only vCenter account and writes the digest to a file; used by both pipelines.
# Usage: VCENTER_USERNAME=… VCENTER_PASSWORD=… tools/preview.sh STACK DIGEST
set -euo pipefail
stack=${1:?stack} digest=${2:?file of the digest}
: "${VCENTER_USERNAME:?the read-only account}" "${VCENTER_PASSWORD:?its password}"

# A copy of the stack's file carries the read-only account: neither the checkout nor the real file is changed.
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
config=$work/Pulumi.$stack.yaml
cp "Pulumi.$stack.yaml" "$config"
pulumi config set --stack "$stack" --config-file "$config" --path vcenter.username "$VCENTER_USERNAME"
printf %s "$VCENTER_PASSWORD" | pulumi config set --stack "$stack" --config-file "$config" --secret vcenterPassword

status=0
pulumi preview --stack "$stack" --config-file "$config" --json --non-interactive >"$work/preview.json" 2>"$work/log" || status=$?
if ! npm run --silent preview:digest -- "$stack" <"$work/preview.json" >"$digest"; then
  status=1
  # The digest may say nothing when the preview never began: the engine's own words belong in the job's log.
  cat "$work/log" >&2
fi
cat "$digest"
exit "$status"
