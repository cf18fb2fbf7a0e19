#!/usr/bin/env bash
# Builds the image with buildah, without a container engine or an image registry: on a base of Debian's own packages.
# Then starts it as strictly as a cluster would (uid 10001, nothing writable but /data and /tmp, no capabilities), and
# asks it for its health, and for a page with its stylesheet. Needs root.
set -euo pipefail
cd "$(dirname "$0")/.."
for tool in buildah debootstrap curl; do
  command -v "$tool" > /dev/null || { echo "$tool is missing: apt-get install buildah debootstrap curl" && exit 2; }
done
work=$PWD/build/image
mkdir -p "$work"
buildah() { command buildah --storage-driver vfs --root "$work/store" --runroot "$work/run" "$@"; }
build() { buildah bud --quiet --isolation chroot "$@" > "$work/id"; }

if [ ! -f "$work/base.tar" ]; then
  debootstrap --variant=minbase --include=ca-certificates,python3,python3-venv bookworm "$work/base" > "$work/base.log"
  rm -rf "$work"/base/var/cache/apt/* "$work"/base/var/lib/apt/lists/*
  tar -C "$work/base" -cf "$work/base.tar" .
  rm -rf "$work/base"
fi
echo "FROM scratch
ADD base.tar /" > "$work/base.containerfile"
build -t base -f "$work/base.containerfile" "$work"
# Where a network looks into TLS, pip trusts what this machine trusts. The format is one that knows health checks.
build -t seatkeeper -f deploy/Containerfile --build-arg BASE=localhost/base --pull=false --format docker \
  --volume /etc/ssl/certs:/etc/ssl/certs:ro .
buildah rmi --prune > /dev/null # what earlier builds left
buildah images

# What the container runtime would do: the image's user, its entry point and its variables.
container=$(buildah from --pull=false seatkeeper)
trap 'buildah rm "$container" > /dev/null' EXIT
unshare --mount --pid --fork --kill-child bash -euc '
  mount --bind "$1" "$1"
  mount -o remount,bind,ro "$1"
  mount -t proc proc "$1/proc"
  mount --bind /dev "$1/dev"
  mount -t tmpfs -o mode=1777 tmpfs "$1/tmp"
  mount -t tmpfs -o mode=700,uid=10001,gid=10001 tmpfs "$1/data"
  exec chroot "$1" setpriv --reuid 10001 --regid 10001 --clear-groups --inh-caps=-all --bounding-set=-all \
    --no-new-privs env -i PATH=/opt/seatkeeper/bin:/usr/bin HOME=/data SEATKEEPER_HOME=/data \
    seatkeeper serve --port 8123' - "$(buildah mount "$container")" &
server=$!
trap 'kill -KILL $server; buildah rm "$container" > /dev/null' EXIT
ask() { curl -sfL --max-time 30 --retry 60 --retry-delay 1 --retry-connrefused "http://127.0.0.1:8123$1"; }
ask /healthz || { echo "It does not answer." && exit 1; }
style=$(ask / | grep -o '/static/[^"]*/tabler.min.css')
echo "$style: $(ask "$style" | wc -c) bytes"
kill "$(pgrep -P $server)" # unshare itself passes no signal on
wait $server
trap 'buildah rm "$container" > /dev/null' EXIT
