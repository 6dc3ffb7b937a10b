//! Machines that run an original Piranha, and what their administrators did to it since.

use crate::machine::Machine;

/// What httpd is, on these machines.
pub const HTTPD: &[u8] = b"\x7fELF httpd itself";

/// An `lvs.cf` that was edited by hand: comments, a carriage return, a keyword of an old version, no line end at the end.
pub const LVS_CF: &str = "# www, see ticket 4711 -- do not touch!\nserial_no = 94\nprimary = 192.0.2.10\r\nservice=lvs\n\
    rsh_command = ssh\nbackup_active = 1\nbackup = 192.0.2.11\nheartbeat = 1\nkeepalive = 6\ndeadtime = 18\nnetwork = direct\n\
    virtual www {\n\tactive = 1   # since 2009\n\taddress = 192.0.2.80 eth0:1\n\tport = 80\n\tscheduler = wlc\n\
    \tserver a {\n\t\taddress = 192.0.2.21\n\t\tactive = 1\n\t\tweight = 1\n\t}\n}\n# end";

/// What stays as it was, whatever is installed: section 14 of the specification.
pub const UNTOUCHED: &[&str] = &[
    "/etc/sysconfig/ha/lvs.cf",
    "/etc/sysconfig/ha/lvs.cf.rpmsave",
    "/etc/sysconfig/ha/conf/httpd.conf",
    "/etc/sysconfig/ha/conf/piranha.passwd",
    "/etc/sysconfig/ha/logs/README",
    "/etc/sysconfig/ha/modules",
    "/etc/sysconfig/ha/web/.htaccess",
    "/etc/sysconfig/ha/web/login.php",
    "/etc/sysconfig/ha/web/secure/.htaccess",
    "/etc/sysconfig/ha/web/secure/control.php",
    "/etc/sysconfig/iptables",
    "/etc/sysconfig/pulse",
    "/etc/logrotate.d/piranha",
    "/etc/logrotate.d/piranha-httpd",
    "/etc/rc.d/rc.local",
    "/etc/rc.d/rc3.d/S60pulse",
    "/etc/rc.d/rc0.d/K10pulse",
    "/etc/sysctl.conf",
    "/usr/sbin/httpd",
    "/usr/sbin/lvs",
    "/usr/lib64/httpd/modules/libphp5.so",
    "/var/log/piranha",
    "/var/log/piranha/piranha-gui",
    "/var/log/piranha/piranha-gui-access",
    "/etc/passwd",
    "/etc/group",
];

/// 0.8.4: `piranha_gui` is a link to httpd, directories belong to the group, logs were made at the installation.
pub fn piranha_0_8_4(test: &str) -> Machine {
    let machine = common(test, (0, 60));
    machine.link("/usr/sbin/piranha_gui", "/usr/sbin/httpd");
    machine.write(
        "/etc/logrotate.d/piranha-httpd",
        0o644,
        (0, 0),
        "/var/log/piranha/* {\n    missingok\n    size 10M\n}\n",
    );
    machine.write(
        "/etc/sysconfig/ha/web/secure/.htaccess",
        0o644,
        (0, 0),
        "Order deny,allow\nDeny from all\nAllow from 172.16.57\n",
    );
    machine.directory("/var/log/piranha", 0o775, (60, 0));
    machine.write("/var/log/piranha/piranha-gui", 0o664, (0, 60), "[notice] configured -- resuming\n");
    machine.write(
        "/var/log/piranha/piranha-gui-access",
        0o664,
        (0, 60),
        "192.0.2.7 - piranha \"GET /secure/\"\n",
    );
    machine
}

/// 0.8.6: `piranha_gui` is a script, `/etc/sysconfig/pulse` is edited, an older file lies beside the newer one.
pub fn piranha_0_8_6(test: &str) -> Machine {
    let machine = common(test, (0, 0));
    machine.write("/usr/sbin/piranha_gui", 0o755, (0, 0), "#!/bin/sh\nexec /usr/sbin/httpd \"$@\"\n");
    machine.write(
        "/etc/logrotate.d/piranha",
        0o644,
        (0, 0),
        "/var/log/piranha/piranha-gui {\n    weekly\n}\n",
    );
    machine.write(
        "/etc/sysconfig/pulse",
        0o640,
        (0, 0),
        "# both boot together\nDELAY='random'\nOPTIONS=\"-v\"\n",
    );
    machine.write("/etc/sysconfig/ha/lvs.cf.rpmsave", 0o664, (0, 60), "# of 2007\nserial_no = 12\n");
    machine.directory("/var/log/piranha", 0o755, (60, 0));
    machine
}

fn common(test: &str, owner: (u32, u32)) -> Machine {
    let machine = Machine::new(test);
    machine.account("/etc/passwd", "piranha:x:60:60::/etc/sysconfig/ha:/sbin/nologin");
    machine.account("/etc/group", "piranha:x:60:");
    for folder in [
        "/etc/sysconfig/ha",
        "/etc/sysconfig/ha/conf",
        "/etc/sysconfig/ha/web",
        "/etc/sysconfig/ha/web/secure",
    ] {
        machine.directory(folder, 0o755, owner);
    }
    let file = |path, content: &str| machine.write(path, 0o644, (0, 0), content);
    file(
        "/etc/sysconfig/ha/conf/httpd.conf",
        "Listen 8080\nUser piranha\nGroup piranha\n# only from the office\n<Directory /etc/sysconfig/ha/web>\nOrder deny,allow\nDeny from all\nAllow from 10.\n</Directory>\n",
    );
    file("/etc/sysconfig/ha/logs/README", "scratch space\n");
    file("/etc/sysconfig/ha/web/.htaccess", "Order allow,deny\nAllow from 10.\n");
    file("/etc/sysconfig/ha/web/login.php", "<?php phpinfo(); ?>\n");
    file("/etc/sysconfig/ha/web/secure/control.php", "<?php system('ipvsadm'); ?>\n");
    file("/etc/sysconfig/iptables", "-A INPUT -p udp --dport 539 -j ACCEPT\n");
    file("/etc/sysctl.conf", "net.ipv4.ip_forward = 1\n");
    machine.write("/etc/rc.d/rc.local", 0o755, (0, 0), "#!/bin/sh\ntouch /var/lock/subsys/local\n");
    machine.write("/etc/sysconfig/ha/lvs.cf", 0o664, (0, 60), LVS_CF);
    machine.write(
        "/etc/sysconfig/ha/conf/piranha.passwd",
        0o600,
        (60, 60),
        "piranha:xyUlJKyt3yVrM\nguest:aaQSqAReePlq6\n",
    );
    machine.link("/etc/sysconfig/ha/modules", "/usr/lib64/httpd/modules");
    machine.write("/usr/lib64/httpd/modules/libphp5.so", 0o755, (0, 0), "php");
    machine.write("/usr/sbin/httpd", 0o755, (0, 0), HTTPD);
    machine.write("/usr/sbin/lvs", 0o555, (0, 0), "the lvs of LVM");
    for program in ["pulse", "lvsd", "fos", "nanny", "send_arp"] {
        machine.write(&format!("/usr/sbin/{program}"), 0o755, (0, 0), format!("the original {program}"));
    }
    machine.write("/usr/sbin/piranha-passwd", 0o700, (0, 0), "#!/bin/sh\nhtpasswd\n");
    for script in ["pulse", "piranha-gui"] {
        machine.write(
            &format!("/etc/rc.d/init.d/{script}"),
            0o755,
            (0, 0),
            "#!/bin/bash\n# chkconfig: - 60 10\n",
        );
    }
    machine.link("/etc/init.d", "rc.d/init.d");
    machine.link("/etc/rc.d/rc3.d/S60pulse", "../init.d/pulse");
    machine.link("/etc/rc.d/rc0.d/K10pulse", "../init.d/pulse");
    machine
}
