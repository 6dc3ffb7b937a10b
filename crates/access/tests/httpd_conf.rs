//! `httpd.conf` as shipped, as edited, and as nobody should have edited it (layout.md 4).

#![expect(clippy::unwrap_used, reason = "a broken assumption of a test ends the test")]

use std::net::IpAddr;
use std::time::Duration;

use access::httpd_conf::Error;
use access::{Decision, Listen, LogLevel, Rules, Settings};

fn read(text: &str) -> Settings {
    let (settings, unhonoured) = Settings::parse(text.as_bytes()).unwrap();
    assert_eq!(unhonoured, [], "{text}");
    settings
}

/// Number and text of each line that is not honoured.
fn told(text: &str) -> Vec<(usize, String)> {
    let (_, unhonoured) = Settings::parse(text.as_bytes()).unwrap();
    unhonoured.into_iter().map(|line| (line.line, line.text)).collect()
}

fn lets_in(rules: &Rules, client: &str) -> bool {
    rules.decide(client.parse().unwrap(), &mut |_: IpAddr| Vec::new()) == Decision::Allowed
}

fn listen(text: &str) -> Vec<String> {
    let shown = |listen: Listen| match listen.address {
        None => format!("*:{}", listen.port),
        Some(address) => format!("{address} {}", listen.port),
    };
    read(text).listen.into_iter().map(shown).collect()
}

/// In the manner of what was shipped, with the lines of layout.md 4.
const SHIPPED: &str = r#"
ServerRoot "/etc/sysconfig/ha"
LockFile /var/lock/subsys/piranha-gui.lock
PidFile /var/run/piranha-httpd.pid
ScoreBoardFile /var/log/piranha/apache_runtime_status
Timeout 300
KeepAlive Off
MaxKeepAliveRequests 100
KeepAliveTimeout 15
<IfModule prefork.c>
    StartServers         2
    MinSpareServers      2
    MaxSpareServers     4
    MaxClients 4
    MaxRequestsPerChild  30
</IfModule>
Listen 3636
LoadModule authz_host_module modules/mod_authz_host.so
LoadModule php5_module modules/libphp5.so
User piranha
Group piranha
ServerAdmin root@localhost
DocumentRoot "/etc/sysconfig/ha/web"
<Directory />
    Options FollowSymLinks
    AllowOverride None
</Directory>
<Directory "/etc/sysconfig/ha/web">
    Options Indexes Includes FollowSymLinks
    AllowOverride None
    Order allow,deny
    Allow from all
</Directory>
<Directory "/etc/sysconfig/ha/web/secure">
    AllowOverride All
    AuthType Basic
    AuthName "access to the piranha web GUI"
    AuthUserFile /etc/sysconfig/ha/conf/piranha.passwd
    <Limit GET>
    require user piranha
    </Limit>
</Directory>
DirectoryIndex index.html
<Files ~ "^\.ht">
    Order allow,deny
    Deny from all
</Files>
HostnameLookups On
ErrorLog /var/log/piranha/piranha-gui
LogLevel warn
LogFormat "%h %l %u %t \"%r\" %>s %b" common
CustomLog /var/log/piranha/piranha-gui-access common
Alias /piranha/ "/etc/sysconfig/ha/web/"
AddType application/x-httpd-php .php .php3
<Location /server-info>
    SetHandler server-info
    Order deny,allow
    Deny from all
</Location>
"#;

#[test]
fn what_was_shipped_says_what_a_missing_file_says() {
    let settings = read(SHIPPED);
    assert!(lets_in(&settings.web, "10.0.0.1") && lets_in(&settings.secure, "10.0.0.1"));
    assert!(settings.web.has_access_rule() && !settings.secure.has_access_rule());
    assert_eq!(settings.secure.auth_user_file(), Some(settings.default_password_file()));
    let limits = (Some(4), Some(Duration::from_secs(300)));
    assert_eq!((settings.max_clients, settings.timeout), limits);
    let same = Settings {
        max_clients: None,
        timeout: None,
        web: Rules::default(),
        secure: Rules::default(),
        ..settings
    };
    assert_eq!(same, Settings::default());
    assert_eq!(read(""), Settings::default());
}

#[test]
fn every_form_of_listen() {
    assert_eq!(listen(""), ["*:3636"]);
    assert_eq!(listen("Listen 8080"), ["*:8080"]);
    assert_eq!(listen("Port 80"), ["*:80"]);
    assert_eq!(listen("Port 80\nListen 127.0.0.1:3636\nListen [::1]:3636"), ["127.0.0.1 3636", "::1 3636"]);
    assert_eq!(listen("LISTEN *:81 http\r\nlisten \"82\"\nListen 81 https"), ["*:81", "*:82"]);
    assert_eq!(listen("BindAddress 127.0.0.1\nPort 3737"), ["127.0.0.1 3737"]);
    assert_eq!(listen("BindAddress *"), ["*:3636"]);
    assert_eq!(
        listen("<IfModule mod_ssl.c>\nListen 443\n</IfModule>\n<IfDefine X>\nListen 1\n</IfDefine>"),
        ["*:443"]
    );
}

#[test]
fn a_listen_that_is_not_understood_is_an_error_with_its_line() {
    for line in [
        "Listen",
        "Listen 0",
        "Listen 65536",
        "Listen x",
        "Listen localhost:3636",
        "Listen 127.0.0.1",
        "Listen ::1:3636",
        "Listen [::1]",
        "Listen [127.0.0.1]:80",
        "Listen 127.0.0.1:",
        "Listen :80",
        "Listen 10.0.0.300:80",
        "Listen +80",
        "Listen 80 # the web",
        "Listen \"\"",
        "Port",
        "Port 0",
        "Port *",
        "BindAddress router.example.com",
        "Listen 1 2 3",
    ] {
        let error = Settings::parse(format!("User x\n{line}\n").as_bytes()).unwrap_err();
        assert_eq!(error, Error::Listen { line: 2, text: line.to_owned() });
    }
    let error = Settings::parse(b"Listen 127.0.0.1").unwrap_err().to_string();
    assert_eq!(
        error,
        "line 1: cannot understand `Listen 127.0.0.1`: write `Listen 3636`, `Listen 127.0.0.1:3636` or `Listen [::1]:3636`"
    );
    let many: String =
        (1..=65).flat_map(|port| ["Listen ".to_owned(), port.to_string(), "\n".to_owned()]).collect();
    assert_eq!(Settings::parse(many.as_bytes()), Err(Error::TooManyListen { line: 65 }));
    assert_eq!(Settings::parse(&vec![b' '; access::MAX_BYTES + 1]), Err(Error::TooLong));
}

#[test]
fn settings_and_relative_paths() {
    let settings = read(
        "ServerRoot \"/srv/pir anha/\"\nUser apache\nGroup #60\nDocumentRoot /srv/web//\nPidFile run/gui.pid\n\
         ErrorLog logs/error\nLogLevel info ssl:warn\nCustomLog logs/access combined env=!dontlog\nMaxClients 10\nTimeout 30\n\
         SSLEngine On\nSSLCertificateFile conf/a.pem\nSSLCertificateKeyFile /etc/b.key",
    );
    assert_eq!((settings.user.as_str(), settings.group.as_str()), ("apache", "#60"));
    let paths = [
        (&settings.document_root, "/srv/web"),
        (&settings.pid_file, "/srv/pir anha/run/gui.pid"),
        (&settings.error_log, "/srv/pir anha/logs/error"),
        (&settings.access_log, "/srv/pir anha/logs/access"),
        (settings.certificate.as_ref().unwrap(), "/srv/pir anha/conf/a.pem"),
        (settings.key.as_ref().unwrap(), "/etc/b.key"),
    ];
    for (path, meant) in paths {
        assert_eq!(path.to_str(), Some(meant));
    }
    assert_eq!(settings.absolute("conf/x".as_ref()).to_str(), Some("/srv/pir anha/conf/x"));
    assert_eq!((settings.log_level, settings.tls), (LogLevel::Info, true));
    assert!(!read("SSLEngine on\nSSLEngine off").tls);
}

#[test]
fn unknown_lines_and_values_are_told_once_each() {
    let text = "SSLProtocol -all\nErrorLog |/bin/logger\nCustomLog syslog:local0 common\nMaxClients none\nWibble 1\nwibble 2\n\
                LoadModule x y\nSSLEngine optional\nUser\n<Directory /var/www>\nWobble 3\nOrder allow,deny\n</Directory>\n";
    let told = told(text);
    let lines: Vec<usize> = told.iter().map(|(line, _)| *line).collect();
    assert_eq!(lines, [1, 2, 3, 4, 5, 8, 9, 11]);
    assert_eq!(told[4].1, "Wibble 1");
    let (settings, _) = Settings::parse(text.as_bytes()).unwrap();
    assert_eq!(settings, Settings::default());
}

#[test]
fn rules_of_the_blocks_for_the_pages() {
    let deny = "Order deny,allow\nDeny from 10\n";
    for (begin, end, root) in [
        ("<Directory /etc/sysconfig/ha/web/secure>", "</Directory>", ""),
        ("<directory \"/etc/sysconfig/ha/web/secure/\">", "</DIRECTORY>", ""),
        ("<Directory /etc/sysconfig//ha/./web/secure>", "</Directory>", ""),
        ("<Location /secure>", "</Location>", ""),
        ("<Location /secure/>", "</Location>", ""),
        ("<Location /piranha/secure>", "</Location>", ""),
        ("<Directory /srv/web/secure>", "</Directory>", "DocumentRoot /srv/web"),
        (
            "<VirtualHost _default_:3636>\n<Directory /etc/sysconfig/ha/web/secure>",
            "</Directory>\n</VirtualHost>",
            "",
        ),
    ] {
        let settings = read(&format!("{begin}\n{deny}{end}\n{root}\n"));
        assert!(!lets_in(&settings.secure, "10.0.0.1") && lets_in(&settings.secure, "11.0.0.1"), "{begin}");
        assert!(lets_in(&settings.web, "10.0.0.1"), "{begin}");
    }
    for begin in [
        "Directory /etc/sysconfig/ha/web",
        "Location /",
        "Directory /",
        "Directory /etc/sysconfig",
        "Location /piranha/",
    ] {
        let name = begin.split(' ').next().unwrap();
        let settings = read(&format!("<{begin}>\n{deny}</{name}>\n"));
        assert!(!lets_in(&settings.web, "10.0.0.1") && !settings.secure.has_access_rule(), "{begin}");
    }
    for begin in [
        "Directory /var/www",
        "Directory /etc/sysconfig/ha/web/icons",
        "Location /icons",
        "Files control.php",
        "Proxy *",
        "Directory /home/*/public_html",
        "Location /~*",
    ] {
        let name = begin.split(' ').next().unwrap();
        let settings = read(&format!("<{begin}>\n{deny}</{name}>\n"));
        assert!(!settings.web.has_access_rule() && !settings.secure.has_access_rule(), "{begin}");
    }
}

#[test]
fn the_nearest_block_counts_and_urls_before_directories() {
    let text = |first: &str, second: &str| {
        format!(
            "<{first}>\nOrder deny,allow\nDeny from 10\n</Directory>\n<{second}>\nOrder deny,allow\nDeny from 11\n</Directory>\n"
        )
    };
    let settings = read(&text("Directory /", "Directory /etc/sysconfig/ha/web"));
    assert!(lets_in(&settings.web, "10.0.0.1") && !lets_in(&settings.web, "11.0.0.1"));
    let settings = read(&text("Directory /etc/sysconfig/ha/web", "Directory /etc"));
    assert!(!lets_in(&settings.web, "10.0.0.1") && lets_in(&settings.web, "11.0.0.1"));
    let both = read(&text("Directory /etc/sysconfig/ha/web", "Directory /etc/sysconfig/ha/web/"));
    assert!(!lets_in(&both.web, "10.0.0.1") && !lets_in(&both.web, "11.0.0.1"));
    let url = "<Directory /etc/sysconfig/ha/web/secure>\nDeny from 10\n</Directory>\n<Location /secure>\nDeny from 11\n</Location>";
    let settings = read(url);
    assert!(lets_in(&settings.secure, "10.0.0.1") && !lets_in(&settings.secure, "11.0.0.1"));
}

#[test]
fn rules_in_a_block_that_are_not_understood_let_only_loopback_in() {
    for lines in [
        "Deny from 10.0.0.300",
        "Order deny, allow",
        "Satisfy any",
        "<RequireAll>\nRequire ip 10\n</RequireAll>",
        "<LimitExcept GET>\nDeny from all\n</LimitExcept>",
        "<IfModule mod_authz_core.c>\nRequire all granted\n</IfModule>",
        "<Files control.php>\nDeny from all\n</Files>",
        "Require ip \"",
    ] {
        let text = format!("<Directory /etc/sysconfig/ha/web/secure>\n{lines}\n</Directory>\n");
        let settings = read(&text);
        assert!(!lets_in(&settings.secure, "10.0.0.1") && lets_in(&settings.secure, "127.0.0.1"), "{lines}");
        assert!(lets_in(&settings.web, "10.0.0.1"), "{lines}");
        assert_eq!(settings.secure.faults().len(), 1, "{lines}");
    }
    let settings = read(
        "<Directory /etc/sysconfig/ha/web>\n<IfModule mod_php5.c>\nphp_flag engine on\n</IfModule>\n</Directory>",
    );
    assert!(lets_in(&settings.web, "10.0.0.1"));
}

#[test]
fn blocks_that_may_mean_the_pages_let_only_loopback_in() {
    for block in [
        "<Directory /etc/sysconfig/*>\nDeny from 10\n</Directory>",
        "<Directory ~ ^/etc>\nDeny from 10\n</Directory>",
        "<DirectoryMatch ^/etc/.*/secure>\nDeny from 10\n</DirectoryMatch>",
        "<LocationMatch control>\nRequire ip 10\n</LocationMatch>",
        "<Location /secure/control.php>\nDeny from 10\n</Location>",
        "<Location /sec*>\nDeny from 10\n</Location>",
    ] {
        let settings = read(block);
        assert!(!lets_in(&settings.secure, "11.0.0.1") && lets_in(&settings.secure, "::1"), "{block}");
    }
    let settings = read("<DirectoryMatch x>\nOptions None\n</DirectoryMatch>");
    assert!(!settings.secure.has_access_rule() && !settings.web.has_access_rule());
}

#[test]
fn a_torn_file_opens_nothing() {
    for text in [
        "<Directory /etc/sysconfig/ha/web/secure>\nOrder deny,allow\nDeny from all\n",
        "<Directory /etc/sysconfig/ha/web/secure>\n",
        "<Directory \"/etc/sysconfig/ha/web/sec",
        "</Directory>",
        "<Directory /a>\n</Location>",
        "<Directory>\n</Directory>",
        "<IfModule x>\n",
    ] {
        let (settings, _) = Settings::parse(text.as_bytes()).unwrap();
        for rules in [&settings.web, &settings.secure] {
            assert!(!lets_in(rules, "10.0.0.1") && lets_in(rules, "127.0.0.1"), "{text}");
        }
    }
}

#[test]
fn conditions_that_do_not_hold_are_left_out() {
    let text = "<IfDefine SSL>\nListen x\nWibble\n<Directory /etc/sysconfig/ha/web>\nDeny from all\n</Directory>\n</IfDefine>\n\
                <IfModule !mod_x.c>\nUser nobody\n</IfModule>\n<IfDefine !SSL>\nUser somebody\n</IfDefine>\n";
    let settings = read(text);
    assert_eq!(settings.user, "somebody");
}
