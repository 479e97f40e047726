#!/bin/sh
# Brings the engine's two databases to the schema of this release; safe to run at every start.
set -eu

folder=/etc/temporal/schema/postgresql/v12

bring() {
    database=$1
    versions=$2
    set -- temporal-sql-tool --plugin postgres12 --endpoint postgres --port 5432 --user temporal --database "$database"
    # The first line fails where the schema is already there; the second then brings it up to date.
    "$@" setup-schema --version 0.0 || echo "schema of $database exists"
    "$@" update-schema --schema-dir "$versions"
}

bring temporal "$folder/temporal/versioned"
bring temporal_visibility "$folder/visibility/versioned"
