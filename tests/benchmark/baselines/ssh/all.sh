#!/bin/sh
# Runs a script on every guest with plain ssh, 16 at a time.
# Usage: all.sh ADDRESSES SSH_CONFIG SCRIPT STDIN
CONFIG=$2 SCRIPT=$(cat "$3") INPUT=$4
export CONFIG SCRIPT INPUT
exec xargs --arg-file "$1" --max-procs 16 --max-args 1 sh -c 'exec ssh -F "$CONFIG" "$0" "$SCRIPT" < "$INPUT"'
