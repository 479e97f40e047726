"""What the head reads in the task when a letter came back unsigned, and for what a letter waits meanwhile."""

from __future__ import annotations

SYSTEM = "Sistem tanda tangan"

_SERVICES = {
    "timestamp_unavailable": "layanan segel waktu",
    "revocation_unavailable": "layanan pencabutan sertifikat",
    "archive_pending": "layanan segel waktu dan pencabutan sertifikat",
    "provider_unavailable": "layanan tanda tangan",
    "provider_login_refused": "layanan tanda tangan",
}

_WHY = {
    "timestamp_unavailable": "layanan segel waktu tidak pulih selama persetujuan berlaku; tandatangani lagi nanti",
    "revocation_unavailable": "layanan pencabutan sertifikat tidak pulih selama persetujuan berlaku; coba lagi nanti",
    "archive_pending": "surat sudah ditandatangani penyedia dan menunggu segel waktu; setujui lagi untuk melanjutkan",
    "provider_unavailable": "layanan tanda tangan tidak pulih selama persetujuan berlaku; tandatangani lagi nanti",
    "provider_login_refused": "penyedia tanda tangan menolak akun kantor; petugas sistem sudah diberi tahu",
    "signing-unavailable": "layanan tanda tangan tidak menjawab; tandatangani lagi nanti",
    "outcome_unknown": "hasil di penyedia tidak diketahui; periksa sebelum menandatangani lagi",
    "rewritten": "berkas yang kembali dari penyedia bukan surat ini dan disimpan terpisah; petugas sistem memeriksanya",
    "wrong_signer": "berkas yang kembali ditandatangani sertifikat lain dan disimpan terpisah; periksa sertifikat Anda",
    "not-valid": "tanda tangan yang kembali tidak lolos pemeriksaan dan disimpan terpisah; petugas sistem memeriksanya",
    "signature_not_proven": "tanda tangannya tidak dapat dibuktikan; petugas sistem memeriksanya",
    "wrong_passphrase": "frasa sandinya salah",
    "passphrase_locked": "frasa sandi terkunci di penyedia; buka kuncinya di sana lebih dahulu",
    "step_up_refused": "kode sekali pakainya salah atau sudah terpakai",
    "step-up-used": "kode sekali pakainya sudah terpakai",
    "activation_expired": "persetujuannya kedaluwarsa sebelum surat ini sempat ditandatangani; tandatangani lagi",
    "activation-spent": "persetujuannya sudah terpakai; tandatangani lagi",
    "no-mandate": "Anda tidak berwenang menandatangani pada hari ini menurut mandat yang dicatat",
    "signatory-changed": "suratnya menyebut pejabat lain; kembalikan agar disusun ulang",
    "paraf-missing": "suratnya belum diberi paraf; kembalikan ke meja sebelumnya",
    "letter-not-found": "suratnya sudah diubah sejak diberi paraf; kembalikan agar diperiksa lagi",
    "stale-version": "suratnya sudah diubah sejak diberi paraf; kembalikan agar diperiksa lagi",
    "certificate_expired": "sertifikat Anda sudah kedaluwarsa; perbarui pada penerbitnya",
    "certificate_revoked": "sertifikat Anda sudah dicabut; urus yang baru pada penerbitnya",
    "certificate_not_found": "sertifikat Anda tidak ditemukan pada penyedia",
    "not_registered": "Anda belum terdaftar pada penyedia tanda tangan",
    "signer-id-missing": "nomor Anda pada penyedia tanda tangan belum dicatat; hubungi petugas sistem",
}

NEEDS_ATTENTION = frozenset(_SERVICES) | {
    "signing-unavailable",
    "outcome_unknown",
    "rewritten",
    "wrong_signer",
    "not-valid",
    "signature_not_proven",
    "signer-id-missing",
}
"""What no new click alone will mend: head and operators are told."""


def service(code: str) -> str:
    """The outside service that a letter waits for."""
    return _SERVICES.get(code, "layanan tanda tangan")


def why(code: str) -> str:
    """Why a letter came back, as a clause."""
    return _WHY.get(code, "tanda tangannya belum berhasil; coba lagi")
