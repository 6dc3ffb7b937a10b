//! What is told to whoever is not answered by a page, in plain words and with a way on.

use askama::Template;
use axum::http::StatusCode;

/// Why a request is not answered by a page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// Its address may not come in: no password is asked for.
    Address,
    /// The login is missing or wrong; with `no_password` it cannot be right, since none was set.
    Login { realm: String, no_password: bool },
    /// After too many wrong logins.
    TooManyTries { seconds: u64 },
    /// Nothing is there.
    Missing,
    /// Neither GET, HEAD nor, where there are forms, POST.
    Method { post: bool },
    /// A form of somebody else's.
    Foreign,
    /// A form without a token, or with one of another start or page.
    Token,
    /// The address is too long.
    LongAddress,
    /// The form is too long.
    Body,
    /// The form did not arrive in time.
    Slow,
    /// What was sent is no form.
    NoForm,
    /// Too much is being done.
    Busy,
    /// It took too long; it may still be done.
    Late,
    /// A page failed.
    Fault,
}

#[derive(Template)]
#[template(path = "refusal.html")]
struct Page<'a> {
    style: &'a str,
    banner: &'static str,
    lines: &'a [String],
    /// Where to go, and what it is called.
    on: Option<(&'static str, &'static str)>,
}

impl Refusal {
    pub(crate) fn status(&self) -> StatusCode {
        match self {
            Self::Address | Self::Foreign | Self::Token => StatusCode::FORBIDDEN,
            Self::Login { .. } => StatusCode::UNAUTHORIZED,
            Self::TooManyTries { .. } => StatusCode::TOO_MANY_REQUESTS,
            Self::Missing => StatusCode::NOT_FOUND,
            Self::Method { .. } => StatusCode::METHOD_NOT_ALLOWED,
            Self::LongAddress => StatusCode::URI_TOO_LONG,
            Self::Body => StatusCode::PAYLOAD_TOO_LARGE,
            Self::Slow => StatusCode::REQUEST_TIMEOUT,
            Self::NoForm => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::Busy | Self::Late => StatusCode::SERVICE_UNAVAILABLE,
            Self::Fault => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    /// The page, with the style sheet at this address.
    pub(crate) fn html(&self, style: &str, client: std::net::IpAddr) -> String {
        let lines = self.lines(client);
        let page = Page { style, banner: self.banner(), lines: &lines, on: self.on() };
        // Only a formatter that fails gets to the other one.
        page.render().unwrap_or_else(|_| lines.join("\n"))
    }

    fn banner(&self) -> &'static str {
        match self {
            Self::Address | Self::Foreign | Self::Token => "FORBIDDEN",
            Self::Login { .. } | Self::TooManyTries { .. } => "LOGIN NEEDED",
            Self::Missing => "NOT FOUND",
            _ => "ERROR",
        }
    }

    fn lines(&self, client: std::net::IpAddr) -> Vec<String> {
        let lines: &[&str] = match self {
            Self::Address => {
                return vec![
                    format!("This page is not shown to your address, {client}."),
                    "The administrator of the router decides that by the Allow and Deny lines in \
                     /etc/sysconfig/ha/web/secure/.htaccess, in /etc/sysconfig/ha/web/.htaccess, and in \
                     /etc/sysconfig/ha/conf/httpd.conf."
                        .to_owned(),
                ];
            }
            Self::Login { no_password: true, .. } => &[
                "Nobody can log in yet: no password was set.",
                "Set one as root on the router with /usr/sbin/piranha-passwd; it counts at once.",
            ],
            Self::Login { no_password: false, .. } => &[
                "These pages need a login: the user is piranha, the password was set with /usr/sbin/piranha-passwd.",
            ],
            Self::TooManyTries { .. } => {
                &["The login failed too often from your address. Wait some seconds, and try again."]
            }
            Self::Missing => &["There is no such page."],
            Self::Method { .. } => &["This cannot be asked in this way."],
            Self::Foreign => &[
                "Nothing was done: your browser says that this was sent by another site's page.",
                "If you did press a button here, open the page again by its address and repeat it.",
            ],
            Self::Token => &[
                "Nothing was done: what was sent does not come from a form of this page as it was shown last.",
                "That is so after piranha-gui was started again. Go back, reload the page, and repeat what you typed.",
                "Scripts may send forms without a token where gui.conf says allow_scripted_post = 1.",
            ],
            Self::LongAddress => &["The address is too long."],
            Self::Body => &["Nothing was done: the form is too long."],
            Self::Slow => &["Nothing was done: the form did not arrive in time."],
            Self::NoForm => {
                &["Nothing was done: what was sent is not of the type application/x-www-form-urlencoded."]
            }
            Self::Busy => &["Too much is being done at the moment. Try again."],
            Self::Late => {
                &["This takes too long. What was begun may still be done: look before you repeat it."]
            }
            Self::Fault => &["This page failed. The log says why."],
        };
        lines.iter().map(|&line| line.to_owned()).collect()
    }

    fn on(&self) -> Option<(&'static str, &'static str)> {
        match self {
            Self::Login { .. } | Self::TooManyTries { .. } => {
                Some(("/about_login.php", "Help on logging in"))
            }
            Self::Address => None,
            _ => Some(("/secure/control.php", "CONTROL / MONITORING")),
        }
    }
}
