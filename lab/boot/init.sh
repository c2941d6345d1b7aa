#!/bin/sh
# Init of a lab host: sshd, then whatever is enabled in /etc/lab/boot.d, then it reaps until the power is cut.
# A script in boot.d runs unless a file of its name with .disabled lies beside it.
mkdir -p /var/log
/usr/sbin/sshd -D -e 2>>/var/log/sshd.log &
for service in /etc/lab/boot.d/*; do
  if [ -x "$service" ] && [ ! -e "$service.disabled" ]; then "$service" >>/var/log/boot.log 2>&1 & fi
done
while :; do
  sleep 1000000 &
  wait
done
