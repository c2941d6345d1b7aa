#!/bin/sh
# The first process of a lab host: builds its file system, then turns into the host's init.
#
# Started in mount, PID and UTS namespaces of its own. The host's disk is an overlay over this machine's root; what
# it must not share with the machine (processes, run-time files, other hosts' disks) is mounted over.
#
# usage: first-process.sh NAME DISK LAYERS STATE
#   NAME    host name          DISK   folder with upper/, work/ and root/
#   LAYERS  lower layers above the machine's root, colon-terminated, or empty
#   STATE   the lab's own folder, hidden from the hosts
set -eu
name=$1 disk=$2 layers=$3 state=$4

echo "$name" >/proc/sys/kernel/hostname
checkout=$(cd "$(dirname "$0")/../.." && pwd)
mount -t overlay "lab-$name" -o "lowerdir=${layers}/,upperdir=$disk/upper,workdir=$disk/work" "$disk/root"
cd "$disk/root"
mount -t proc proc proc
mount --rbind /dev dev
mount -t tmpfs -o mode=1777 tmpfs dev/shm
mount --rbind /sys sys
mount -t tmpfs -o mode=755 tmpfs run
mount -t tmpfs -o mode=1777 tmpfs tmp
mount -t tmpfs -o mode=700 tmpfs ".$state"
mkdir run/sshd run/lock
# The stand-ins run from the checkout, which a folder of the host's own (/tmp) or another disk may hide.
if ! [ -e ".$checkout/package.json" ]; then
  mkdir -p ".$checkout"
  mount --bind "$checkout" ".$checkout"
fi

pivot_root . .
umount -l .
cd /
exec env -i PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root USER=root LANG=C.UTF-8 \
  sh /etc/lab/init.sh </dev/null
