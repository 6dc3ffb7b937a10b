//! `--check` compares and changes nothing.

use crate::room::{Done, Room, is_root};

fn check(stored: &str, words: &[&str], input: &str) -> (Room, Done) {
    let room = Room::with(stored);
    let done = room.run(words, input);
    assert_eq!(room.text(), stored);
    assert_eq!(room.files(), ["piranha.passwd"]);
    (room, done)
}

#[test]
fn the_password_and_others() {
    if !is_root() {
        return;
    }
    let stored = "bob:x\npiranha:$apr1$r31.....$HqJZimcKQFAMYayBlzkrA/\n";
    let (_, done) = check(stored, &["--check"], "myPassword\n");
    let right = "this is the password of user piranha\n".to_owned();
    assert_eq!(done, Done { status: Some(0), output: "Password: \n".to_owned(), errors: right.clone() });
    let (_, done) = check(stored, &["--check", "--stdin"], "myPassword");
    assert_eq!(done, Done { status: Some(0), output: String::new(), errors: right });
    for input in ["mypassword\n", "", "\n", "myPassword \n"] {
        let (_, done) = check(stored, &["--check", "--stdin"], input);
        let wrong = "piranha-passwd: this is not the password of user piranha\n".to_owned();
        assert_eq!(done, Done { status: Some(1), output: String::new(), errors: wrong });
    }
}

#[test]
fn a_weak_hash_is_named() {
    if !is_root() {
        return;
    }
    let (_, done) = check("piranha:rqXexS6ZhobKA\n", &["--check", "myPasswo"], "");
    assert_eq!(done.status, Some(0));
    assert_eq!(
        done.errors,
        "Warning: sensitive information entered on command line.\nthis is the password of user piranha\n\
         Warning: it is stored as DES crypt, which is weak, and only its first 8 characters count: set it again\n"
    );
}

#[test]
fn where_nobody_can_log_in_it_says_why() {
    if !is_root() {
        return;
    }
    let (room, done) = check("bob:x\n", &["--check", "--stdin"], "myPassword\n");
    assert_eq!(done.status, Some(1));
    let file = room.file.display();
    let none = "has no line of user piranha: nobody can log in before piranha-passwd has set a password";
    assert_eq!(done.errors, format!("piranha-passwd: {file} {none}\n"));
    let (room, done) = check("piranha:myPassword\n", &["--check", "--stdin"], "myPassword\n");
    assert_eq!(done.status, Some(1));
    let file = room.file.display();
    let begin = format!(
        "piranha-passwd: nobody can log in by the line of user piranha in {file}: the stored hash has none"
    );
    assert!(done.errors.starts_with(&begin), "{}", done.errors);
    let room = Room::new();
    assert_eq!(room.run(&["--check", "--stdin"], "myPassword\n").status, Some(1));
    assert_eq!(room.files(), [""; 0]);
}
