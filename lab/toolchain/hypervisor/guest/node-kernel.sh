#!/bin/sh
# What a Kubernetes node finds on a VM, whose kernel is its own, and does not in a container that shares this machine's.
# Runs in the guest, first thing at each boot; written by the hypervisor for privileged machines.
set -eu

# kubelet and containerd make groups in every hierarchy; all of it lies below the machine's own group, by its namespace.
for hierarchy in /sys/fs/cgroup/*; do
  if mountpoint -q "$hierarchy"; then mount -o remount,bind,rw "$hierarchy"; fi
done

# Containers that ask for it see mounts made later on the node, and the node theirs (mountPropagation).
mount --make-rshared /

fake=/run/node-kernel
mkdir -p "$fake/sys"

# /sys itself stays read-only: where it is not, systemd expects udev, and networkd waits for it in vain.
if [ ! -d /sys/fs/bpf ]; then
  mount --bind /sys "$fake/sys"
  mount -o remount,bind,rw "$fake/sys"
  mkdir -p "$fake/sys/fs/bpf"
  umount "$fake/sys"
fi
mountpoint -q /sys/fs/bpf || mount -t bpf bpf /sys/fs/bpf

# kubelet sets these for the whole machine, unless they are as it wants them. Values: kubelet's, pkg/kubelet/cm.
fake_sysctl() {
  [ -e "/proc/sys/$1" ] || return 0
  file=$fake/$(echo "$1" | tr / -)
  echo "$2" >"$file"
  mount --bind "$file" "/proc/sys/$1"
}
fake_sysctl vm/overcommit_memory 1
fake_sysctl vm/panic_on_oom 0
fake_sysctl kernel/panic 10
fake_sysctl kernel/panic_on_oops 1
fake_sysctl kernel/keys/root_maxkeys 1000000
fake_sysctl kernel/keys/root_maxbytes 25000000

# The BIOS UUID where DMI has it: kubelet reports it as the node's systemUUID, by which vSphere's cloud provider knows the VM.
if [ -e /run/hypervisor/product_uuid ] && [ ! -e /sys/class/dmi ]; then
  mkdir -p "$fake/class/dmi/id"
  cp /run/hypervisor/product_uuid "$fake/class/dmi/id/product_uuid"
  mount -t overlay -o "lowerdir=$fake/class:/sys/class" overlay /sys/class
fi
