//! Hashes that other programs made, and what is made here (gui.md 9).

use access::hash::{Kind, LONGEST_PASSWORD, MakeError, Refusal, bcrypt, sha512, verify};
use access::password_file::hash_of;

/// All of `myPassword`: those of gui.md 9, and some that openssl and libc made.
const PAIRS: [(&str, Kind); 10] = [
    ("rqXexS6ZhobKA", Kind::Des),
    ("$1$abcdefgh$W/8r1SWbVzbnNV3h1/PUK1", Kind::Md5),
    ("$apr1$r31.....$HqJZimcKQFAMYayBlzkrA/", Kind::Apr1),
    ("{SHA}VBPuJHI7uixaa6LQGWx4s+5GKNE=", Kind::Sha1),
    ("$apr1$xyz$Qet1I9x0MKyc0MIxDU28S1", Kind::Apr1),
    ("$5$abcdefgh$Dj7Hs.c2KPj.A3thTJcMTEHg3jDYvo4r9p7V1GGMvlA", Kind::Sha256),
    (
        "$6$abcdefghABCDEFGH$Obu0DZPvzfv7h2a38dcft/KtZT7TEKajeVrIbh208.jZDaq7h0ywZV8GNfD1ouED8NQ21iiqdo3CbH2nPGnMl1",
        Kind::Sha512,
    ),
    (
        "$6$rounds=1000$salt$2f9loI2ldAEz8pLUmWZ4MA1duNswl8abAbQ4H9r6rgWi3ULJy1TSR6Av0mN.RPQp77BINQa7Ce3mfKS6wxc1V.",
        Kind::Sha512,
    ),
    ("$2b$05$c4WoMPo3SXsafkva.HHa6uXQZWr7oboPiC2bT/r7q1BB8I2s0BRqC", Kind::Bcrypt),
    ("$2y$05$c4WoMPo3SXsafkva.HHa6uXQZWr7oboPiC2bT/r7q1BB8I2s0BRqC", Kind::Bcrypt),
];

#[test]
fn every_form_lets_the_password_in_and_no_other() {
    for (stored, kind) in PAIRS {
        assert_eq!(Kind::of(stored.as_bytes()), Ok(kind), "{stored}");
        assert_eq!(verify(b"myPassword", stored.as_bytes()), Ok(true), "{stored}");
        for wrong in ["", "mypassword", "myPassw", " myPassword", stored] {
            assert_eq!(verify(wrong.as_bytes(), stored.as_bytes()), Ok(false), "{stored} {wrong}");
        }
        let longer = verify(b"myPassword1", stored.as_bytes());
        assert_eq!(longer, Ok(kind == Kind::Des), "{stored}");
        let mut changed = stored.to_owned();
        let at = stored.len() - 5;
        changed.replace_range(at..=at, if stored.get(at..=at) == Some("a") { "b" } else { "a" });
        assert_ne!(verify(b"myPassword", changed.as_bytes()), Ok(true), "{changed}");
    }
}

#[test]
fn only_eight_characters_count_with_des_crypt_and_the_page_can_say_so() {
    assert_eq!(verify(b"myPasswo", b"rqXexS6ZhobKA"), Ok(true));
    assert_eq!(verify(b"myPassw", b"rqXexS6ZhobKA"), Ok(false));
    assert_eq!(verify(b"p\xe4ss", b"ab.lT2GdPQglM"), Ok(true));
    assert_eq!(Kind::Des.characters_that_count(), Some(8));
    let weak: Vec<_> = PAIRS.iter().filter(|(_, kind)| kind.is_weak()).map(|(_, kind)| *kind).collect();
    assert_eq!(weak, [Kind::Des, Kind::Md5, Kind::Sha1]);
}

#[test]
fn plain_text_and_foreign_forms_let_nobody_in() {
    for stored in [
        "",
        "myPassword",
        "x",
        "*",
        "!",
        "!!rqXexS6ZhobKA",
        "rqXexS6ZhobK",
        "rqXexS6ZhobKAA",
        "rqXexS6Zhob:A",
        "$2x$05$c4WoMPo3SXsafkva.HHa6uXQZWr7oboPiC2bT/r7q1BB8I2s0BRqC",
        "$y$j9T$abc$def",
        "$argon2id$v=19$m=1,t=1,p=1$YWJj$YWJj",
        "_J9..rasmBYk8r9AiWNc",
        "$sha1$1$a$b",
        "r\u{e4}XexS6ZhobK",
    ] {
        assert_eq!(verify(b"myPassword", stored.as_bytes()), Err(Refusal::Unknown), "{stored}");
        assert_ne!(verify(stored.as_bytes(), stored.as_bytes()), Ok(true), "{stored}");
    }
    assert_eq!(verify(b"x", b"\xff\xfe"), Err(Refusal::Unknown));
}

#[test]
fn damaged_hashes_let_nobody_in() {
    for (stored, kind) in PAIRS.iter().filter(|(_, kind)| *kind != Kind::Des) {
        for end in [stored.len() - 1, stored.len() - 10, stored.find('$').map_or(5, |_| 4)] {
            let cut = stored.get(..end).unwrap();
            let refused = verify(b"myPassword", cut.as_bytes());
            assert!(
                [Err(Refusal::Damaged(*kind)), Err(Refusal::Unknown)].contains(&refused),
                "{cut} {refused:?}"
            );
        }
        let longer = format!("{stored}a");
        assert_eq!(verify(b"myPassword", longer.as_bytes()), Err(Refusal::Damaged(*kind)), "{longer}");
    }
}

#[test]
fn a_hash_that_would_take_for_ever_is_refused() {
    let end = "$salt$2f9loI2ldAEz8pLUmWZ4MA1duNswl8abAbQ4H9r6rgWi3ULJy1TSR6Av0mN.RPQp77BINQa7Ce3mfKS6wxc1V.";
    for rounds in ["1000001", "999999999", "99999999999"] {
        let stored = format!("$6$rounds={rounds}{end}");
        assert_eq!(verify(b"x", stored.as_bytes()), Err(Refusal::TooMuchWork(Kind::Sha512)), "{stored}");
    }
    for rounds in ["0", "999", "-1", "+1000", "01000", "", "x", "99999999999999999999999"] {
        let stored = format!("$6$rounds={rounds}{end}");
        assert_eq!(verify(b"x", stored.as_bytes()), Err(Refusal::Damaged(Kind::Sha512)), "{stored}");
    }
    for cost in ["15", "31"] {
        let stored = format!("$2y${cost}$c4WoMPo3SXsafkva.HHa6uXQZWr7oboPiC2bT/r7q1BB8I2s0BRqC");
        assert_eq!(verify(b"x", stored.as_bytes()), Err(Refusal::TooMuchWork(Kind::Bcrypt)), "{stored}");
    }
    for cost in ["03", "32", "99", "+5", "5", "005"] {
        let stored = format!("$2y${cost}$c4WoMPo3SXsafkva.HHa6uXQZWr7oboPiC2bT/r7q1BB8I2s0BRqC");
        assert_eq!(verify(b"x", stored.as_bytes()), Err(Refusal::Damaged(Kind::Bcrypt)), "{stored}");
    }
    let long = vec![b'x'; LONGEST_PASSWORD + 1];
    assert_eq!(verify(&long, b"rqXexS6ZhobKA"), Err(Refusal::PasswordTooLong));
}

#[test]
fn what_is_made_lets_in() {
    let made = sha512(b"correct horse", *b"123456789012").unwrap();
    assert_eq!(made.split('$').map(str::len).collect::<Vec<_>>(), [0, 1, 16, 86]);
    assert_eq!(Kind::of(made.as_bytes()), Ok(Kind::Sha512));
    assert_eq!(verify(b"correct horse", made.as_bytes()), Ok(true));
    assert_eq!(verify(b"correct hors", made.as_bytes()), Ok(false));
    assert_ne!(made, sha512(b"correct horse", *b"223456789012").unwrap());

    let made = bcrypt(b"correct horse", *b"1234567890123456").unwrap();
    assert!(made.starts_with("$2y$10$") && made.len() == 60, "{made}");
    assert_eq!(verify(b"correct horse", made.as_bytes()), Ok(true));
    let file = format!("piranha:{made}\n");
    assert_eq!(hash_of(file.as_bytes(), "piranha"), Some(made.as_bytes()));
}

#[test]
fn passwords_that_cannot_work_are_not_set() {
    let long = vec![b'x'; LONGEST_PASSWORD + 1];
    for (password, why) in [
        (&b""[..], MakeError::Empty),
        (b"a\nb", MakeError::Unfit),
        (b"a\rb", MakeError::Unfit),
        (b"a\0b", MakeError::Unfit),
        (&long, MakeError::TooLong(LONGEST_PASSWORD)),
    ] {
        assert_eq!(sha512(password, [0; 12]), Err(why));
    }
    assert_eq!(bcrypt(&[b'x'; 72], [0; 16]), Err(MakeError::TooLong(71)));
    assert!(bcrypt(&[b'x'; 71], [0; 16]).is_ok());
}
