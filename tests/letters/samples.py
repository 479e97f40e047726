"""One realistic letter of each template, about plainly fictional people."""

from datetime import date

from activities.letters import Charge, LetterInput, Participant, Signatory

URL = "http://localhost:8800/v/7Q2MZK4XWB.3FJ5T8HR2VNC"

HEAD = Signatory(
    name="Kepala Contoh, S.H., M.Si.",
    rank="Pembina Utama Muda",
    nip="19700101 199503 1 000",
    office_title="Kepala Dinas Penanaman Modal dan Pelayanan Terpadu Satu Pintu Kota Pekalongan",
)


def sip() -> LetterInput:
    return LetterInput(
        template="sip", template_version="sip-fisioterapis/2026-01", series="SIPF", number="503.SIPF/0042/XII/2026",
        date=date(2026, 12, 4), title="Surat Izin Praktik Fisioterapis",
        applicant=(
            ("Nama", "Contoh Pemohon Satu, A.Md.Ftr."),
            ("Tempat, tanggal lahir", "Pekalongan, 17 Agustus 1994"),
            ("Alamat", "Jalan Contoh Mawar Nomor 7, Kelurahan Contoh, Kota Pekalongan"),
        ),
        facts=(
            ("Profesi", "Fisioterapis"),
            ("Nomor STR", "00-0000-0000-CONTOH"),
            ("Tempat praktik", "Klinik Contoh Sehat"),
            ("Alamat tempat praktik", "Jalan Contoh Melati Nomor 12, Kota Pekalongan"),
            ("Praktik ke", "Pertama"),
            ("Hari dan jam praktik", "Senin sampai dengan Jumat, pukul 16.00 sampai dengan 20.00 WIB"),
        ),
        conditions=(
            "Praktik hanya dilakukan di tempat yang disebut dalam surat izin ini.",
            "Surat izin ini dipasang di tempat praktik dan mudah dilihat.",
            "Perubahan tempat praktik wajib diajukan sebagai permohonan baru.",
        ),
        legal_basis=(
            "Undang-Undang Nomor 17 Tahun 2023 tentang Kesehatan;",
            "Peraturan Menteri Kesehatan Nomor 13 Tahun 2025.",
        ),
        signatory=HEAD, qr_url=URL, copies=("Kepala Dinas Kesehatan Kota Pekalongan", "Arsip"),
        demo_authority=True, valid_until=date(2031, 12, 4),
    )


def penelitian() -> LetterInput:
    return LetterInput(
        template="penelitian", template_version="izin-penelitian/2026-01", series="PEN",
        number="503.PEN/0117/III/2026", date=date(2026, 3, 27), title="Surat Keterangan Penelitian",
        applicant=(
            ("Nama", "Contoh Mahasiswi Dua"), ("Nomor induk", "000-CONTOH"),
            ("Lembaga", "Universitas Contoh, Fakultas Ilmu Sosial"), ("Penanggung jawab", "Dr. Contoh Dosen, M.A."),
        ),
        facts=(
            ("Judul", "Upah borongan perajin batik cap di tiga kelurahan"), ("Lokasi", "Kecamatan Pekalongan Utara"),
            ("Waktu", "1 April sampai dengan 30 Juni 2026"), ("Jumlah peneliti", "3 orang"),
        ),
        considering=("Rekomendasi Badan Perencanaan Pembangunan Daerah Nomor 070/0000/III/2026",),
        conditions=(
            "Peneliti melapor kepada lurah setempat sebelum mulai.",
            "Data pribadi responden dijaga kerahasiaannya.",
            "Laporan akhir diserahkan paling lambat satu bulan setelah penelitian selesai.",
        ),
        signatory=HEAD, qr_url=URL, valid_until=date(2026, 6, 30),
        copies=("Kepala Badan Perencanaan Pembangunan Daerah", "Camat Pekalongan Utara", "Arsip"), demo_authority=True,
    )


def reklame() -> LetterInput:
    return LetterInput(
        template="reklame", template_version="izin-reklame-tetap/2026-01", series="REK",
        number="503.REK/0009/V/2026", date=date(2026, 5, 22), title="Izin Reklame Tetap",
        applicant=(
            ("Nama", "Contoh Pengusaha Tiga"), ("Badan usaha", "CV Contoh Batik Terang"),
            ("Alamat", "Jalan Contoh Kenanga Nomor 3, Kota Pekalongan"),
        ),
        facts=(
            ("Jenis reklame", "Papan bercahaya, satu sisi"), ("Ukuran", "2 m × 4 m, tinggi tiang 6 m"),
            ("Isi reklame", "Batik Contoh: pabrik dan ruang pamer"),
            ("Tempat", "Jalan Contoh Hayam Nomor 21 (6,8886° LS; 109,6753° BT)"),
        ),
        considering=(
            "bahwa pemohon telah mengajukan permohonan izin reklame tetap secara lengkap;",
            "bahwa hasil pemeriksaan lapangan dan rapat teknis menyatakan tempat dan konstruksi memenuhi syarat;",
            "bahwa berdasarkan pertimbangan tersebut perlu menetapkan keputusan tentang izin reklame tetap.",
        ),
        legal_basis=(
            "Undang-Undang Nomor 1 Tahun 2022 tentang Hubungan Keuangan antara Pemerintah Pusat dan "
            "Pemerintahan Daerah;",
            "Peraturan Daerah Kota Pekalongan Nomor 2 Tahun 2018 (reklame).",
        ),
        observing=(
            "Berita acara pemeriksaan lapangan Nomor 503.BA/0031/V/2026;",
            "Rekomendasi dinas pekerjaan umum dan Satuan Polisi Pamong Praja;",
            "Bukti pembayaran retribusi Nomor 0000-CONTOH.",
        ),
        conditions=(
            "memelihara konstruksi dan lampu agar aman bagi pengguna jalan;",
            "memasang nomor izin di sudut bawah reklame;",
            "membongkar reklame paling lambat tujuh hari setelah izin berakhir.",
        ),
        body=("Apabila ketentuan tersebut tidak dipenuhi, izin ini dapat dicabut setelah peringatan tertulis.",),
        signatory=HEAD, qr_url=URL, valid_until=date(2027, 5, 21),
        copies=("Kepala Badan Pendapatan Daerah", "Kepala Satuan Polisi Pamong Praja", "Arsip"),
        demo_authority=True, practice=True,
    )


def umum() -> LetterInput:
    return LetterInput(
        template="umum", template_version="1", series="KLINIK", number="503/0042/KLINIK/III/2026",
        date=date(2026, 3, 27), title="Izin Klinik",
        applicant=(
            ("Nama", "Contoh Pengusaha Tiga"), ("Tempat, tanggal lahir", "Kota Contoh, 20 Maret 1985"),
            ("Alamat", "Jalan Contoh Kenanga Nomor 3, Kota Pekalongan"),
        ),
        facts=(
            ("Nama usaha atau sarana", "Klinik Contoh Sehat"), ("Penanggung jawab", "dr. Contoh Dokter"),
            ("Alamat lokasi", "Jalan Contoh Melati Nomor 12, Kota Pekalongan"),
        ),
        considering=(
            "bahwa berkas permohonan telah diperiksa dan dinyatakan lengkap",
            "bahwa lokasi telah diperiksa oleh Tim Teknis",
        ),
        legal_basis=("Menunggu konfirmasi dinas",),
        observing=(
            "Berita Acara Nomor 0031/BA/III/2026", "Rekomendasi Dinas Kesehatan (menyetujui)",
            "Rekomendasi Dinas Lingkungan Hidup (menyetujui dengan syarat)",
        ),
        conditions=("Izin ini berlaku hanya untuk lokasi yang disebut di dalamnya.",),
        signatory=HEAD, qr_url=URL, copies=("Dinas Kesehatan", "Dinas Lingkungan Hidup"), demo_authority=True,
        practice=True, unconfirmed=True, valid_until=date(2031, 3, 27),
    )


def skrd() -> LetterInput:
    return LetterInput(
        template="skrd", template_version="izin-reklame-tetap/2026-01", series="SKRD", number="974/0009/V/2026",
        date=date(2026, 5, 18), title="Surat Ketetapan Retribusi Daerah",
        applicant=(("Nama", "Contoh Pengusaha Tiga"), ("Badan usaha", "CV Contoh Batik Terang")),
        facts=(("Nomor permohonan", "PRM-2026-000123"), ("Jenis izin", "Izin Reklame Tetap")),
        charges=(
            Charge(description="Pemakaian kekayaan daerah, 8 m² selama 12 bulan", amount_rupiah=1_920_000),
            Charge(description="Pemeriksaan konstruksi", amount_rupiah=75_000),
        ),
        conditions=("Melalui kas daerah dengan menyebut nomor surat ini.", "Simpan buktinya, lalu unggah."),
        signatory=HEAD, respond_by=date(2026, 6, 18),
    )


def permintaan_rekomendasi() -> LetterInput:
    return LetterInput(
        template="permintaan-rekomendasi", template_version="izin-penelitian/2026-01", series="UND",
        number="503.UND/0204/III/2026", date=date(2026, 3, 17), title="Permintaan Rekomendasi",
        subject="Permintaan rekomendasi izin penelitian", nature="Segera",
        recipient=("Kepala Badan Perencanaan Pembangunan Daerah", "Kota Pekalongan", "di Pekalongan"),
        applicant=(("Nama", "Contoh Mahasiswi Dua"), ("Lembaga", "Universitas Contoh")),
        facts=(("Jenis izin", "Izin Penelitian"), ("Nomor permohonan", "PRM-2026-000117"),
               ("Judul", "Upah borongan perajin batik cap di tiga kelurahan")),
        conditions=("Lokasi penelitian termasuk sentra batik yang sedang ditata.",),
        attachments=("Proposal penelitian", "Surat pengantar lembaga"),
        signatory=HEAD, qr_url=URL, respond_by=date(2026, 3, 27), demo_authority=True,
    )


def berita_acara() -> LetterInput:
    return LetterInput(
        template="berita-acara", template_version="izin-reklame-tetap/2026-01", series="BA",
        number="503.BA/0031/V/2026", date=date(2026, 5, 13), title="Berita Acara Pemeriksaan Lapangan",
        subject="pemeriksaan lapangan oleh tim teknis", venue="Jalan Contoh Hayam Nomor 21, Pekalongan",
        applicant=(("Nama", "Contoh Pengusaha Tiga"), ("Jenis izin", "Izin Reklame Tetap")),
        facts=(
            ("Titik lokasi", "6,8886° LS; 109,6753° BT (ketelitian 6 m)"), ("Jarak dari tepi jalan", "3,2 m"),
            ("Konstruksi", "Tiang tunggal baja, fondasi belum dicor"), ("Foto", "4 buah, terlampir"),
        ),
        conditions=("Tempat dapat disetujui.", "Fondasi diperiksa ulang sebelum lampu dipasang."),
        participants=(
            Participant(name="Contoh Petugas Satu", role="Tim teknis", opinion="Setuju"),
            Participant(name="Contoh Petugas Dua", role="Dinas pekerjaan umum", opinion="Setuju dengan syarat fondasi"),
            Participant(name="Contoh Pengusaha Tiga", role="Pemohon"),
        ),
        attachments=("Foto lokasi 1 sampai dengan 4",), signatory=HEAD, qr_url=URL, demo_authority=True,
    )


def penolakan() -> LetterInput:
    return LetterInput(
        template="penolakan", template_version="sip-fisioterapis/2026-01", series="TLK",
        number="503.TLK/0003/XII/2026", date=date(2026, 12, 4), title="Penolakan Permohonan",
        subject="Penolakan permohonan Surat Izin Praktik Fisioterapis",
        recipient=("Contoh Pemohon Satu", "Jalan Contoh Mawar Nomor 7", "Kota Pekalongan"),
        applicant=(("Nama", "Contoh Pemohon Satu"),),
        facts=(("Jenis izin", "Surat Izin Praktik Fisioterapis"), ("Nomor permohonan", "PRM-2026-000042")),
        reasons=(
            "Surat tanda registrasi yang diunggah atas nama orang lain.",
            "Surat dari tempat praktik tidak ditandatangani pimpinannya.",
        ),
        remedies=(
            "Ajukan permohonan baru dengan surat tanda registrasi atas nama Anda. Berkas lain dapat dipakai lagi.",
            "Ajukan keberatan tertulis kepada kantor kami paling lambat 21 hari kerja sejak surat ini Anda terima.",
        ),
        signatory=HEAD, qr_url=URL, demo_authority=True,
    )


def pencabutan() -> LetterInput:
    return LetterInput(
        template="pencabutan", template_version="1", series="CABUT", number="503/0003/CABUT/V/2027",
        date=date(2027, 5, 3), title="Pencabutan Izin Reklame Tetap",
        applicant=(("Nama", "Contoh Pengusaha Tiga"), ("Alamat", "Jalan Contoh Kenanga Nomor 3, Kota Pekalongan")),
        facts=(
            ("Nomor izin", "503.REK/0009/V/2026"), ("Tanggal izin", "22 Mei 2026"),
            ("Berlaku sampai dengan", "21 Mei 2027"),
            ("Alasan pencabutan", "Konstruksi reklame tidak sesuai dengan izin setelah dua kali peringatan tertulis."),
            ("Dasar hukum pencabutan", "Contoh dasar hukum, menunggu konfirmasi dinas"),
        ),
        legal_basis=("Peraturan Daerah Kota Pekalongan Nomor 2 Tahun 2018 (reklame).",),
        signatory=HEAD, qr_url=URL, copies=("Kepala Satuan Polisi Pamong Praja", "Arsip"), demo_authority=True,
    )


def perubahan_izin() -> LetterInput:
    return LetterInput(
        template="perubahan-izin", template_version="1", series="PANJANG", number="503/0002/PANJANG/V/2027",
        date=date(2027, 5, 3), title="Perpanjangan Izin Reklame Tetap",
        applicant=(("Nama", "Contoh Pengusaha Tiga"), ("Badan usaha", "CV Contoh Batik Terang")),
        facts=(
            ("Nomor izin", "503.REK/0009/V/2026"), ("Tanggal izin", "22 Mei 2026"),
            ("Berlaku sampai dengan", "21 Mei 2027"), ("Diperpanjang sampai dengan", "21 Mei 2028"),
        ),
        conditions=("Ketentuan dalam izin tersebut tetap berlaku.",),
        signatory=HEAD, qr_url=URL, demo_authority=True, practice=True,
    )


FIELD_CODE = "http://localhost:8800/v/luring#SKP1:" + "2NIEJHJ5ZV4QK3TUXG7RPYBMAOWDCL6SFH" * 17


def kartu_pengawas() -> LetterInput:
    return LetterInput(
        template="umum", template_version="2", series="KPT", number="503/0012/KPT/III/2026", date=date(2026, 3, 27),
        title="Kartu Pengawas Trayek",
        applicant=(("Nama", "CV Contoh Angkutan"), ("Alamat", "Jalan Contoh Kenanga Nomor 3, Kota Pekalongan")),
        facts=(("Trayek", "Terminal Contoh - Pasar Contoh"), ("Nomor kendaraan", "G 0000 XX")),
        conditions=("Kartu ini dibawa di dalam kendaraan dan ditunjukkan bila diminta petugas.",),
        signatory=HEAD, qr_url=URL, copies=("Dinas Perhubungan",), mark="test", demo_authority=True,
        field_code=FIELD_CODE,
        field_facts=(
            ("Pemegang izin", "CV Contoh Angkutan"), ("Nomor kendaraan", "G 0000 XX"),
            ("Trayek", "Terminal Contoh - Pasar Contoh"), ("Tanggal surat", "27 Maret 2026"),
        ),
        valid_until=date(2027, 3, 27),
    )


ALL = (
    sip, penelitian, reklame, umum, skrd, permintaan_rekomendasi, berita_acara, penolakan, pencabutan, perubahan_izin,
    kartu_pengawas,
)
