#!/bin/sh
# GROUP I: requests a job of the group.
printf 'program %s-%s %s\n' "$1" "$2" "${ENSEMBLE_ATTEMPT:-0}" >>calls
printf '{"name": "submit", "label": "%s", "parameters": {"i": "%sp"}}\n' "$1" "$2"
