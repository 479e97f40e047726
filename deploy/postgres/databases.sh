#!/bin/sh
# Run once by the PostgreSQL image on an empty data folder: a role and database for the office, and for the engine.
# psql quotes the passwords itself, so that no character of theirs becomes SQL.
set -eu

psql --set=ON_ERROR_STOP=1 --username "$POSTGRES_USER" --dbname postgres \
    --set=office="$SAKPORE_DB_PASSWORD" --set=engine="$TEMPORAL_DB_PASSWORD" <<'SQL'
CREATE ROLE sakpore LOGIN PASSWORD :'office';
CREATE ROLE temporal LOGIN PASSWORD :'engine';
CREATE DATABASE sakpore OWNER sakpore;
CREATE DATABASE temporal OWNER temporal;
CREATE DATABASE temporal_visibility OWNER temporal;
REVOKE CONNECT ON DATABASE sakpore, temporal, temporal_visibility FROM PUBLIC;
SQL
