#!/bin/sh
# Debian packages that only the tests need: nfdump (binary NetFlow files), a Java runtime (Spark), Chromium (pages),
# PostgreSQL (the analyst database of a team), libarchive (7z).
set -eu
missing=""
command -v nfdump >/dev/null 2>&1 || missing="$missing nfdump"
command -v java >/dev/null 2>&1 || missing="$missing openjdk-17-jre-headless"
command -v chromium >/dev/null 2>&1 || missing="$missing chromium"
ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 || command -v initdb >/dev/null 2>&1 || missing="$missing postgresql"
ls /usr/lib/*/libarchive.so.13 /lib/*/libarchive.so.13 >/dev/null 2>&1 || missing="$missing libarchive13"
[ -z "$missing" ] && exit 0
sudo=""
[ "$(id -u)" = 0 ] || sudo="sudo"
$sudo apt-get update -qq
# shellcheck disable=SC2086
DEBIAN_FRONTEND=noninteractive $sudo apt-get install -y -qq --no-install-recommends $missing
