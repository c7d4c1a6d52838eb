#!/bin/sh
# KEY SECONDS STATUS: appends the key to a file, by one write, at the end.
sleep "$2"
printf '%s\n' "$1" >>keys
exit "$3"
