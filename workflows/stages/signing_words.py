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
    "wrong_signer": "tanda tangannya bukan dari sertifikat yang disebut dalam mandat; periksa sertifikat Anda",
    "not-valid": "tanda tangan yang kembali tidak lolos pemeriksaan dan disimpan terpisah; petugas sistem memeriksanya",
    "signature_not_proven": "tanda tangannya tidak dapat dibuktikan; petugas sistem memeriksanya",
    "wrong_passphrase": "frasa sandinya salah",
    "passphrase_locked": "frasa sandi terkunci di penyedia; buka kuncinya di sana lebih dahulu",
    "step_up_refused": "kode sekali pakainya salah atau sudah terpakai",
    "step-up-used": "kode sekali pakainya sudah terpakai",
    "step-up-not-enrolled": "kode sekali pakai Anda belum didaftarkan; minta kode pendaftaran kepada petugas sistem",
    "too_many_proofs": "bukti yang salah terlalu banyak; tunggu lima belas menit",
    "passkey_unknown": "kunci sandinya tidak terdaftar atas nama Anda",
    "passkey_not_sealed": "kunci sandinya tidak didaftarkan melalui proses penandatangan; petugas sistem memeriksanya",
    "passkey_not_yet_usable": "kunci sandinya masih dalam masa tunggu; pakai kunci lain atau kode sekali pakai",
    "passkey_copied": "penghitung kunci sandinya mundur, mungkin disalin; hapus dan daftarkan kunci baru",
    "consent_too_long": "persetujuannya berlaku terlalu lama; tandatangani lagi",
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
    "certificate_untrusted": "sertifikat Anda tidak berasal dari penerbit yang dipercaya kantor ini",
    "certificate_unsuitable": "jenis kunci Anda tidak dapat dipakai untuk surat arsip; minta sertifikat RSA",
    "credential_disabled": "kunci Anda dinonaktifkan pada penyedia tanda tangan; aktifkan di sana lebih dahulu",
    "authorization_expired": "persetujuan pada penyedia sudah lewat waktu; tandatangani lagi",
    "code_not_offered": "penyedia tanda tangan tidak memakai kode seperti itu; isikan frasa sandi",
    "provider_refused": "penyedia tanda tangan menolak permintaannya; petugas sistem memeriksanya",
    "wrong_file_count": "berkas yang kembali dari penyedia tidak lengkap; petugas sistem memeriksanya",
    "document_refused": "suratnya tidak dapat ditandatangani; kembalikan agar disusun ulang",
    "not_archivable": "hasilnya bukan lagi PDF arsip dan disimpan terpisah; petugas sistem memeriksanya",
    "mark_not_true": "suratnya menyebut BSrE, tetapi sertifikatnya bukan dari BSrE; kembalikan agar disusun ulang",
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
    "passkey_not_sealed",
    "passkey_copied",
    "provider_refused",
    "wrong_file_count",
    "not_archivable",
}
"""What no new click alone will mend: head and operators are told."""


def service(code: str) -> str:
    """The outside service that a letter waits for."""
    return _SERVICES.get(code, "layanan tanda tangan")


def why(code: str) -> str:
    """Why a letter came back, as a clause."""
    return _WHY.get(code, "tanda tangannya belum berhasil; coba lagi")
