#!/bin/sh
# The namespace with its retention, and the names by which operators filter cases. Safe to run at every start.
set -eu

retention=2160h # 90 days: closed cases are read back and replayed for as long

until temporal operator cluster health >/dev/null 2>&1; do
    echo "waiting for the engine"
    sleep 2
done

if temporal operator namespace describe --namespace "$TEMPORAL_NAMESPACE" >/dev/null 2>&1; then
    temporal operator namespace update --namespace "$TEMPORAL_NAMESPACE" --retention "$retention"
else
    temporal operator namespace create --namespace "$TEMPORAL_NAMESPACE" --retention "$retention"
fi

known=$(temporal operator search-attribute list --namespace "$TEMPORAL_NAMESPACE")
for attribute in Tahap=Keyword JenisIzin=Keyword Menunggu=Keyword JatuhTempo=Datetime; do
    name=${attribute%=*}
    case $known in
    *"$name"*) ;;
    *) temporal operator search-attribute create --namespace "$TEMPORAL_NAMESPACE" --name "$name" --type "${attribute#*=}" ;;
    esac
done
