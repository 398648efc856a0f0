"""Lists in the shapes in which they are published, each with all that is to be read of it: the line, the kind and
the value. What is not in there must not be read."""
import json

MD5, MD5_2 = "0c" * 16, "1d" * 16
SHA1, SHA256, SHA256_2, SHA512 = "2e" * 20, "3f" * 32, "4a" * 32, "5b" * 64
IMPHASH = "6c" * 16
UUID = "10f0a000-0000-4000-8000-00000000000"

SHAPES = []


def shape(name, text, *values, form="lines", refused=0, options=(), not_taken=(), code=1):
    """A list, and what is read of it; how many of its texts are refused; which columns look like indicators and
    are not taken."""
    SHAPES.append({"name": name, "text": text if isinstance(text, bytes) else text.encode(), "values": values,
                   "form": form, "refused": refused, "options": options, "not_taken": set(not_taken), "code": code})


# Lines.
shape("plain", "# a feed\n203.0.113.1\n198.51.100.0/24\nevil.example\nhxxp://evil[.]example/a\n2001:db8::1\n"
      f"{MD5}\nbob@evil.example\n",
      "2 ip:203.0.113.1", "3 ip:198.51.100.0/24", "4 domain:evil.example", "5 url:hxxp://evil[.]example/a",
      "6 ip:2001:db8::1", f"7 hash:{MD5}", "8 email:bob@evil.example")
shape("remarks", "203.0.113.1 # seen\n203.0.113.2 - panel\n203.0.113.3 (loader)\nevil.example // sinkhole\n"
      "http://bad.example/a - first stage\n203.0.113.4; mirror\n203.0.113.5\tport scan\n",
      "1 ip:203.0.113.1", "2 ip:203.0.113.2", "3 ip:203.0.113.3", "4 domain:evil.example", "5 url:http://bad.example/a",
      "6 ip:203.0.113.4", "7 ip:203.0.113.5")
shape("remarks_with_names", "203.0.113.1 - reported by vendor.com in May\nevil.example - drops hxxp://bad[.]example/x\n"
      f"evil2.example - see {MD5}\n203.0.113.9 (c2.example)\n203.0.113.10 - d.example\n",
      "1 ip:203.0.113.1", "2 domain:evil.example", "2 url:hxxp://bad[.]example/x", "3 domain:evil2.example",
      f"3 hash:{MD5}", "4 ip:203.0.113.9", "4 domain:c2.example", "5 ip:203.0.113.10", "5 domain:d.example", refused=1)
shape("bullets", "Network\n\n- 203.0.113.1\n* evil[.]example\n\u2022 bad.example\n+ 203.0.113.2\n1. c2.example\n"
      f"2) d2.example\n- {SHA256}  a.exe\n",
      "3 ip:203.0.113.1", "4 domain:evil[.]example", "5 domain:bad.example", "6 ip:203.0.113.2", "7 domain:c2.example",
      "8 domain:d2.example", f"9 hash:{SHA256}")
shape("labels", f"IP: 203.0.113.1\nDomain: evil.example\nMD5: {MD5}\nSHA-256: {SHA256}\nURL: hxxp://evil.example/a\n"
      f"C2 - 203.0.113.2\nE-Mail: a@evil.example\nsha1:{SHA1}\nip=203.0.113.3\nFile name: drop.exe\n",
      "1 ip:203.0.113.1", "2 domain:evil.example", f"3 hash:{MD5}", f"4 hash:{SHA256}", "5 url:hxxp://evil.example/a",
      "6 ip:203.0.113.2", "7 email:a@evil.example", f"8 hash:{SHA1}", "9 ip:203.0.113.3", "10 file:drop.exe")
shape("several_in_a_line", "203.0.113.1, 203.0.113.2; 203.0.113.3\nhttp://a.example/x http://b.example/y\n"
      "evil.example | bad.example\n\"c.example\" \"d.example\"\n203.0.113.4/203.0.113.5\ne.example,f.example\n",
      "1 ip:203.0.113.1", "1 ip:203.0.113.2", "1 ip:203.0.113.3", "2 url:http://a.example/x", "2 url:http://b.example/y",
      "3 domain:evil.example", "3 domain:bad.example", "4 domain:c.example", "4 domain:d.example", "6 domain:e.example",
      "6 domain:f.example", refused=1)
shape("quotes", "\"evil.example\"\n'203.0.113.1'\n\u201cbad.example\u201d\n<http://evil.example/a>\n`c.example`\n\u00abd.example\u00bb\n",
      "1 domain:evil.example", "2 ip:203.0.113.1", "3 domain:bad.example", "4 url:http://evil.example/a",
      "5 domain:c.example", "6 domain:d.example")
shape("invisible", "http://evil.example/a\u00a0\nhttp://evil.example/b\u200b\n\ufeff203.0.113.1\u00a0\nevil.example\u2060\n"
      "\u200bbad.example\nc.exa\u00admple\n",
      "1 url:http://evil.example/a", "2 url:http://evil.example/b", "3 ip:203.0.113.1", "4 domain:evil.example",
      "5 domain:bad.example", "6 domain:c.exa\u00admple")
shape("defanged", "hxxps[:]//a[.]example/x\nb(.)example\nc [.] example\nd{dot}example\n203[.]0[.]113[.]1\n"
      "http:// e .example /x\nu[@]f.example\nFXP://g.example/x\n198.51.100[.]0/24\n",
      "1 url:hxxps[:]//a[.]example/x", "2 domain:b(.)example", "3 domain:c.example", "4 domain:d{dot}example",
      "5 ip:203[.]0[.]113[.]1", "6 url:http://e.example/x", "7 email:u[@]f.example", "8 url:FXP://g.example/x",
      "9 ip:198.51.100[.]0/24")
shape("headings", "Report of a case\n\nDomains:\nevil.example\nx.lib\n\nFile names\n\nHashes\n"
      f"{MD5}\n\nReferences:\nhttps://vendor.example/blog\nhttps://other.example/\n\nIPs\n203.0.113.1\n",
      "4 domain:evil.example", "5 domain:x.lib", f"10 hash:{MD5}", "17 ip:203.0.113.1", refused=3)
shape("markdown", f"# Notes\n\n## Network\n\n| Value | What |\n|---|---|\n| `203.0.113.1` | C2 |\n| evil[.]example | panel |\n\n"
      f"Some words.\n",
      "7 ip:203.0.113.1", "8 domain:evil[.]example", form="table", refused=1)
shape("markdown_links", "- [evil.example](https://scan.example/evil)\n- [203.0.113.1](https://scan.example/1)\n- bad.example\n"
      "- **c.example**\n- `d.example`\n",
      "1 domain:evil.example", "2 ip:203.0.113.1", "3 domain:bad.example", "4 domain:c.example", "5 domain:d.example", refused=2)
shape("asciidoc", f"= Case\n\n[options=\"header\"]\n|===\n|SHA-1 |Name |Detection\n|{SHA1} |a.exe |X\n|{'7d' * 20} |b.exe |Y\n|===\n",
      f"6 hash:{SHA1}", f"7 hash:{'7d' * 20}", form="table", refused=None)
shape("sha256sum", f"{SHA256}  a.exe\n{SHA256_2} *b.exe\n{MD5}  setup.zip\n{SHA1}  run.sh\n{SHA512}  C:\\x\\y.dll\n",
      f"1 hash:{SHA256}", f"2 hash:{SHA256_2}", f"3 hash:{MD5}", f"4 hash:{SHA1}", f"5 hash:{SHA512}", refused=2)
shape("paths", "/tmp/.x/run.sh\nC:\\Windows\\Temp\\bad.exe\nC:\\x\\bad.exe dropped by it\nC:\\Program Files\\x y\\bad.exe\n"
      "\\\\share\\c$\\a.exe\n%APPDATA%\\x\\y.dll\ntool.exe\n",
      "1 file:/tmp/.x/run.sh", "2 file:C:\\Windows\\Temp\\bad.exe", "3 file:C:\\x\\bad.exe", "5 file:\\\\share\\c$\\a.exe",
      "6 file:%APPDATA%\\x\\y.dll", "7 file:tool.exe", refused=1)
shape("expressions", "# expressions with a score\n\\\\config\\\\Log\\.evt;80\nstem32\\\\bad\\.dll;70\n\\\\temp\\\\[a-z]+\\.exe;60\n"
      "evil.example\n", "5 domain:evil.example", refused=3)
shape("networks", "203.0.113.0/255.255.255.0\n198.51.100.4-198.51.100.5\n192.0.2.0 - 192.0.2.255\n203.0.113.0/33\n203.0.113.7/tcp\n"
      "2001:db8::/32\n203.0.113.7:8080\n[2001:db8::1]:443\n",
      "1 ip:203.0.113.0/255.255.255.0", "2 ip:198.51.100.4-198.51.100.5", "3 ip:192.0.2.0 - 192.0.2.255", "6 ip:2001:db8::/32",
      "7 ip:203.0.113.7:8080", "8 ip:[2001:db8::1]:443", refused=2)
shape("top_levels", "shop.co.za\nx.za\nc2.bazar\nc2.bit\nx.lib\nname.zip\nco.uk\nhost.compute-1.amazonaws.com\nx.onion\n",
      "1 domain:shop.co.za", "2 domain:x.za", "3 domain:c2.bazar", "4 domain:c2.bit", "6 domain:name.zip",
      "8 domain:host.compute-1.amazonaws.com", "9 domain:x.onion", refused=2)
shape("urls", "http://evil.example/a,b,c\nhttp://evil.example/a;jsessionid=1\nevil.example/?u=a@b.example\nevil.example/x/mail@corp\n"
      "https://203.0.113.1:8443/x?y=(z)\n11/3/2024\nand/or\nhttp://evil.example/b;panel\n",
      "1 url:http://evil.example/a,b,c", "2 url:http://evil.example/a;jsessionid=1", "3 url:evil.example/?u=a@b.example",
      "4 url:evil.example/x/mail@corp", "5 url:https://203.0.113.1:8443/x?y=(z)", "8 url:http://evil.example/b", refused=2)
shape("value_semicolon_remark", "evil.example;C2 of a loader\n203.0.113.1;C2\nbad.example\n# note\nc.example;panel, 2024\n",
      "1 domain:evil.example", "2 ip:203.0.113.1", "3 domain:bad.example", "5 domain:c.example")
shape("sentences", "The loader asks evil[.]example for its orders.\nWe saw this at our partner in May, see vendor.com for it.\n"
      "Traffic went to 203.0.113.1 on port 443.\nVersion two of the tool came later.\n203.0.113.2 was the next one.\n",
      "1 domain:evil[.]example", "3 ip:203.0.113.1", "5 ip:203.0.113.2", refused=2)

shape("urls_and_columns", "http://a.example/x|http://b.example/y\nhttp://c.example/z,Mirai\nhttp://d.example/q,203.0.113.1\nhttp://e.example/w'x\n"
      "http://f.example/a?b=c,name\nhttp://g.example/1,2,name\n",
      "1 url:http://a.example/x", "1 url:http://b.example/y", "2 url:http://c.example/z", "3 url:http://d.example/q", "3 ip:203.0.113.1",
      "4 url:http://e.example/w", "5 url:http://f.example/a?b=c,name", "6 url:http://g.example/1,2,name")
shape("stars", "http://a.example/*\n*.b.example/*\nhttp://*.c.example/\nhttp://203.0.113.1/*\nhttp://d.example/q?x=*\nhttp://e.example/wp-*/x\n",
      "1 domain:http://a.example/*", "2 domain:*.b.example/*", "3 domain:http://*.c.example/", "4 ip:http://203.0.113.1/*",
      "5 url:http://d.example/q?x=*", refused=1)
shape("netmasks", "203.0.113.0 255.255.255.0\nroute 198.51.100.0 255.255.255.128 null\n192.0.2.1\u2013192.0.2.1\n192.0.2.9 (255.255.255.255)\n",
      "1 ip:203.0.113.0 255.255.255.0", "2 ip:198.51.100.0 255.255.255.128", "3 ip:192.0.2.1\u2013192.0.2.1", "4 ip:192.0.2.9",
      "4 ip:255.255.255.255")
shape("hash_behind_a_word", f"MD5 - {MD5}\nsha1 {SHA1}\nHash = {SHA256}\nUser - eve\nHashes of the second stage\n{SHA512}\n",
      f"1 hash:{MD5}", f"2 hash:{SHA1}", f"3 hash:{SHA256}", "4 user:eve", f"6 hash:{SHA512}")
shape("other_encoding", b"evil.example\xa0\n203.0.113.1\xca\nbad.example \x96 panel\n",
      "1 domain:evil.example", "2 ip:203.0.113.1", "3 domain:bad.example")
shape("behind_other_labels", "- File location: C:\\ProgramData\\x.dll\n- Run key: HKCU\\Software\\x\nHKLM\\Software\\y\nmailto:a@evil.example\n```\n",
      "1 file:C:\\ProgramData\\x.dll", "4 email:mailto:a@evil.example", refused=2)
shape("sources", "Source IPs\n203.0.113.1\n\nSource: 203.0.113.2\nSource: https://vendor.example/a\n\nSources:\nhttps://vendor.example/b\n"
      "hxxp://evil[.]example/a\n", "2 ip:203.0.113.1", "4 ip:203.0.113.2", "9 url:hxxp://evil[.]example/a", refused=2)
shape("hashes_with_more", f"{MD5}:1234\n0x{SHA256}\n{SHA1}=evil\n{SHA256_2}.exe\n",
      f"1 hash:{MD5}", f"2 hash:{SHA256}", f"3 hash:{SHA1}", f"4 hash:{SHA256_2}")
shape("nothing", "N/A\n-\nevil.example\nnone\nUnknown\nnull\n", "3 domain:evil.example")

# Programs that block.
shape("hosts", "# hosts\n127.0.0.1 localhost\n::1 localhost ip6-localhost\n0.0.0.0 evil.example\n127.0.0.1\tbad.example # note\n"
      "0.0.0.0 a.example b.example\n0.0.0.0 0.0.0.0\n",
      "4 domain:evil.example", "5 domain:bad.example", "6 domain:a.example", "6 domain:b.example")
shape("adblock", "[Adblock Plus]\n! title\n||evil.example^\n||bad.example^$third-party\n||c.example/x/y^\n@@||good.example^\n"
      "d.example##.banner\n|https://e.example/a|\n",
      "3 domain:evil.example", "4 domain:bad.example", "5 url:c.example/x/y", "8 url:https://e.example/a", refused=2)
shape("adblock_rules", "! title\n||evil.example^\n/ads.js\n-banner-\n://c.example^\nplain.example\n||203.0.113.1^\n||d.example^$all\n",
      "2 domain:evil.example", "6 domain:plain.example", "7 ip:203.0.113.1", "8 domain:d.example", refused=3)
shape("dnsmasq", "# block\naddress=/evil.example/#\nserver=/bad.example/\nlocal=/c.example/\naddress=/a.example/b.example/0.0.0.0\n",
      "2 domain:evil.example", "3 domain:bad.example", "4 domain:c.example", "5 domain:a.example", "5 domain:b.example")
shape("unbound", "server:\nlocal-zone: \"evil.example\" always_nxdomain\nlocal-zone: \"bad.example.\" redirect\n"
      "local-data: \"c.example A 127.0.0.1\"\nlocal-zone: \"d.example\" static\n",
      "2 domain:evil.example", "3 domain:bad.example.", "4 domain:c.example", "5 domain:d.example")
shape("bind", "// zones\nzone \"evil.example\" { type master; file \"/etc/null\"; };\nzone \"bad.example\" { type master; file \"/etc/null\"; };\n"
      "zone \"c.example\" { type master; file \"/etc/null\"; };\nzone \"d.example\" { type master; };\n",
      "2 domain:evil.example", "3 domain:bad.example", "4 domain:c.example", "5 domain:d.example")
shape("rpz", "$TTL 60\n@ IN SOA localhost. root.localhost. (1 2 3 4 5)\n  NS localhost.\n; zone\nevil.example CNAME .\n"
      "*.evil.example CNAME .\nbad.example 60 IN CNAME .\ngood.example CNAME rpz-passthru.\n32.1.113.0.203.rpz-ip CNAME .\n"
      "24.0.100.51.198.rpz-ip CNAME .\n48.zz.db8.2001.rpz-ip CNAME .\n",
      "5 domain:evil.example", "7 domain:bad.example", "9 ip:203.0.113.1/32", "10 ip:198.51.100.0/24", "11 ip:2001:db8::/48",
      refused=1)
shape("wildcards", "*.evil.example\n.bad.example\n=c.example\nd.example.\n*.e.example\n",
      "1 domain:*.evil.example", "2 domain:.bad.example", "3 domain:=c.example", "4 domain:d.example.", "5 domain:*.e.example")
shape("drop", "; Drop list (c)\n; http://lists.example.org/drop.txt\n; Expires: Mon, 01 Jan 2024 00:00:00 GMT\n203.0.113.0/24 ; SBL1\n"
      "198.51.100.0/24 ; SBL2\n", "4 ip:203.0.113.0/24", "5 ip:198.51.100.0/24", form="table")
shape("firewall", "deny 203.0.113.1;\ndeny 198.51.100.0/24;\nadd blocked 203.0.113.2\niptables -A INPUT -s 203.0.113.3 -j DROP\n"
      "deny from 203.0.113.4\n", "1 ip:203.0.113.1", "2 ip:198.51.100.0/24", "3 ip:203.0.113.2", "4 ip:203.0.113.3", "5 ip:203.0.113.4")

# Tables.
shape("csv_type_value", f"Indicator,Data,Note\nip,203.0.113.1,C2\ndomain,evil.example,C2\nsha256,{SHA256},x.exe\nurl,hxxp://a.example/b,\n",
      "2 ip:203.0.113.1", "3 domain:evil.example", f"4 hash:{SHA256}", "5 url:hxxp://a.example/b", form="table")
shape("csv_no_header_type_first", f"URL,hxxp://a.example/a\nURL,hxxp://a.example/b\nIP,203.0.113.1\nSHA256,{SHA256}\nDomain,evil.example\n",
      "1 url:hxxp://a.example/a", "2 url:hxxp://a.example/b", "3 ip:203.0.113.1", f"4 hash:{SHA256}", "5 domain:evil.example", form="table")
shape("csv_no_header_type_last", f"evil.example,domain\n203.0.113.1,ip\n{MD5},md5\nx.lib,domain\nhttp://a.example/b,url\n",
      "1 domain:evil.example", "2 ip:203.0.113.1", f"3 hash:{MD5}", "4 domain:x.lib", "5 url:http://a.example/b", form="table")
shape("csv_known_and_unknown", f"SHA256,Type,C2\n{SHA256},DOMAIN,evil.example\n{SHA256_2},IP,203.0.113.1\n{'8e' * 32},DOMAIN,bad.example\n"
      f"{'9f' * 32},-,-\n",
      f"2 hash:{SHA256}", "2 domain:evil.example", f"3 hash:{SHA256_2}", "3 ip:203.0.113.1", f"4 hash:{'8e' * 32}", "4 domain:bad.example",
      f"5 hash:{'9f' * 32}", form="table")
shape("csv_names", f"domain_name,ip_address,Download URL,sha256 hash,C2 Server\nevil.example,203.0.113.1,http://a.example/a,{SHA256},198.51.100.1\n"
      f"bad.example,203.0.113.2,http://a.example/b,{SHA256_2},198.51.100.2\nc.example,203.0.113.3,,,\nd.example,,,,\n",
      "2 domain:evil.example", "2 ip:203.0.113.1", "2 url:http://a.example/a", f"2 hash:{SHA256}", "2 ip:198.51.100.1",
      "3 domain:bad.example", "3 ip:203.0.113.2", "3 url:http://a.example/b", f"3 hash:{SHA256_2}", "3 ip:198.51.100.2",
      "4 domain:c.example", "4 ip:203.0.113.3", "5 domain:d.example", form="table")
shape("csv_other_kind_in_column", "domain,ip,url\nevil.example,203.0.113.1,http://a.example/x\n203.0.113.2,bad.example,\nhttp://b.example/y,,\n"
      "nonsense,,\n", "2 domain:evil.example", "2 ip:203.0.113.1", "2 url:http://a.example/x", "3 ip:203.0.113.2", "3 domain:bad.example",
      "4 url:http://b.example/y", form="table", refused=1)
shape("csv_many_in_a_cell", f"value,type,description\n\"{SHA256},{SHA1},{MD5}\",file,sample\n\"203.0.113.1, 203.0.113.2\",ip,C2\n"
      "\"a.example\nb.example\",domain,panels\nc.example;d.example,domain,more\n",
      f"2 hash:{SHA256}", f"2 hash:{SHA1}", f"2 hash:{MD5}", "3 ip:203.0.113.1", "3 ip:203.0.113.2", "4 domain:a.example", "4 domain:b.example",
      "6 domain:c.example", "6 domain:d.example", form="table")
shape("csv_dates", "First seen,Panel\n11/3/2024,evil.example\n3/4/2024,bad.example\n1/1/2024,c.example\n2024-01-01,d.example\n",
      "2 domain:evil.example", "3 domain:bad.example", "4 domain:c.example", "5 domain:d.example", form="table")
shape("csv_risk", "\"Name\",\"Risk\",\"RiskString\"\n\"203.0.113.1\",\"99\",\"4/64\"\n\"203.0.113.2\",\"95\",\"12/64\"\n\"203.0.113.3\",\"90\",\"1/64\"\n"
      "\"203.0.113.4\",\"90\",\"1/64\"\n", "2 ip:203.0.113.1", "3 ip:203.0.113.2", "4 ip:203.0.113.3", "5 ip:203.0.113.4", form="table")
shape("csv_cells_of_words", "\"203.0.113.1\",\"evil.example (panel)\",\"http://a.example/x, y\",\"drops http://b.example/z\"\n"
      "\"203.0.113.2\",\"bad.example\",\"http://a.example/w\",\"like the first\"\n",
      "1 ip:203.0.113.1", "1 domain:evil.example", "1 url:http://a.example/x", "2 ip:203.0.113.2", "2 domain:bad.example",
      "2 url:http://a.example/w", form="table", not_taken={"column 4"})
# Escaped for an expression, with a score behind: no URL of a scheme C, and no file with a column in its name.
shape("escaped_paths", "C:\\\\Temp\\\\a.exe;80\nc:\\\\system.txt;45\n/usr/bin/x;70\n203.0.113.1\nhxxp:\\\\evil.example/a\n",
      "4 ip:203.0.113.1", "5 url:hxxp:\\\\evil.example/a", refused=3)
# Vague names: what the columns hold tells that the first is the kind of the second, commands and all.
shape("csv_indicator_data", f"Indicator,Data ,Notes\ndescription,http://vendor.example/report,ours\nip,203.0.113.1,\n"
      f"command,net user /add,\ncommand,whoami /all,\ncommand,nltest /dclist,\nfile_path_name,C:\\Temp\\m.exe,\n"
      f"sha256,{SHA256},dropped\nuser_account,backup-adm,\n",
      "3 ip:203.0.113.1", "7 file:C:\\Temp\\m.exe", f"8 hash:{SHA256}", "9 user:backup-adm", form="table", refused=4)
shape("csv_indicator_type_data", f"Indicator_Type,Data,Note,\ncommand_line,cmd /c a,,{SHA1}\ncommand_line,cmd /c b,,\n"
      f"command_line,cmd /c c,,\nfile,{SHA256},x.bin,\nip,203.0.113.9,,\nurl,http://evil.example/p,,\n",
      f"2 hash:{SHA1}", f"5 hash:{SHA256}", "6 ip:203.0.113.9", "7 url:http://evil.example/p", form="table", refused=3)
shape("csv_two_tables", f"type,value\nip,203.0.113.1\n\nhash,filename,victim\n{SHA256},a.exe,victim.example\n",
      "2 ip:203.0.113.1", f"5 hash:{SHA256}", form="table", not_taken={"filename", "victim"})
shape("csv_placeholders", "domain,url,user\nevil.example,N/A,N/A\n-,none,-\nbad.example,unknown,null\nc.example,,eve\n",
      "2 domain:evil.example", "4 domain:bad.example", "5 domain:c.example", "5 user:eve", form="table")
shape("csv_cr", "Type,Value\rip,203.0.113.1\rdomain,evil.example\rdomain,bad.example\rip,203.0.113.2\r",
      "2 ip:203.0.113.1", "3 domain:evil.example", "4 domain:bad.example", "5 ip:203.0.113.2", form="table")
shape("csv_header_in_remark", "; Spamhaus\n; ip, asn, domain\n203.0.113.1, AS64496, -\n203.0.113.2, AS64496, sink.example\n"
      "203.0.113.3, AS64496, -\n", "3 ip:203.0.113.1", "4 ip:203.0.113.2", "4 domain:sink.example", "5 ip:203.0.113.3", form="table")
shape("csv_title", "Title of a report\n\nip,date\n203.0.113.1,2024-01-01\n203.0.113.2,2024-01-01\n",
      "4 ip:203.0.113.1", "5 ip:203.0.113.2", form="table", refused=1)
shape("csv_references", "ioc,reference,source\nevil.example,https://vendor.example/blog,vendor.example\nbad.example,https://vendor.example/b,vendor.example\n"
      "c.example,https://vendor.example/c,x\nd.example,,\n", "2 domain:evil.example", "3 domain:bad.example", "4 domain:c.example", "5 domain:d.example",
      form="table", not_taken={"reference", "source"})
shape("csv_file_names", f"sha256,filename,signature\n{SHA256},invoice.zip,X\n{SHA256_2},run.sh,X\n{'8e' * 32},a.exe,Y\n{'9f' * 32},b.py,Y\n",
      f"2 hash:{SHA256}", f"3 hash:{SHA256_2}", f"4 hash:{'8e' * 32}", f"5 hash:{'9f' * 32}", form="table", not_taken={"filename"})
shape("csv_stix_cells", f"IOC,Valid From\n203.0.113.1,2024-01-01T00:00:00Z\n\"[file:hashes.MD5 = '{MD5}']\",2024-01-01T00:00:00Z\n"
      "\"[domain-name:value = 'evil.example']\",2024-01-01T00:00:00Z\nbad.example,2024-01-01T00:00:00Z\n",
      "2 ip:203.0.113.1", f"3 hash:{MD5}", "4 domain:evil.example", "5 domain:bad.example", form="table")
shape("csv_misp_export", f"uuid,event_id,category,type,value,comment,to_ids,date\n\"{UUID}1\",1,\"Network activity\",\"ip-dst\",\"203.0.113.1\",\"\",1,20240101\n"
      f"\"{UUID}2\",1,\"Payload delivery\",\"filename|sha256\",\"a.exe|{SHA256}\",\"\",1,20240101\n\"{UUID}3\",1,\"Network activity\",\"domain\",\"evil.example\",\"\",0,20240101\n"
      f"\"{UUID}4\",1,\"Other\",\"mutex\",\"Global/x\",\"\",1,20240101\n", "2 ip:203.0.113.1", f"3 hash:{SHA256}", form="table", refused=2)
shape("csv_expired", "ip,valid_until\n203.0.113.1,2020-01-01T00:00:00Z\n203.0.113.2,2999-01-01T00:00:00Z\n203.0.113.3,\n203.0.113.4,never\n",
      "3 ip:203.0.113.2", "4 ip:203.0.113.3", "5 ip:203.0.113.4", form="table", refused=1, options=("--expired", "none"))
shape("semicolons", "Typ;Wert;Kommentar\nip;203.0.113.1;C2\ndomain;evil.example;C2\nurl;http://a.example/a,b;C2\nip;203.0.113.2;\n",
      "2 ip:203.0.113.1", "3 domain:evil.example", "4 url:http://a.example/a,b", "5 ip:203.0.113.2", form="table")
shape("tabs_range", "# ranges\nStart\tEnd\tNetblock\tAttacks\temail\n203.0.113.0\t203.0.113.255\t24\t788\tabuse@net.example\n"
      "198.51.100.0\t198.51.100.127\t25\t7\tabuse@net2.example\n192.0.2.1\t192.0.2.2\t32\t1\tabuse@net3.example\n",
      "3 ip:203.0.113.0-203.0.113.255", "4 ip:198.51.100.0-198.51.100.127", "5 ip:192.0.2.1-192.0.2.2", form="table", not_taken={"email"})
shape("pipes", "# asn | name | ip | date\n64496  |  NAME, INC  |  203.0.113.1  |  2024-01-01 00:00:00  |  sshpwauth\n"
      "64496  |  NAME, INC  |  203.0.113.2  |  2024-01-01 00:00:00  |  sshpwauth\n64497  |  OTHER  |  203.0.113.3  |  2024-01-01 00:00:00  |  sshpwauth\n"
      "64497  |  OTHER  |  203.0.113.4  |  2024-01-01 00:00:00  |  sshpwauth\n",
      "2 ip:203.0.113.1", "3 ip:203.0.113.2", "4 ip:203.0.113.3", "5 ip:203.0.113.4", form="table")
shape("zeek", "#fields\tindicator\tindicator_type\tmeta.source\tmeta.url\n203.0.113.1\tIntel::ADDR\tme\thttps://me.example/\n"
      f"evil.example\tIntel::DOMAIN\tme\thttps://me.example/\nevil.example/a\tIntel::URL\tme\thttps://me.example/\n{MD5}\tIntel::FILE_HASH\tme\t-\n"
      "198.51.100.0/24\tIntel::SUBNET\tme\t-\n",
      "2 ip:203.0.113.1", "3 domain:evil.example", "4 url:evil.example/a", f"5 hash:{MD5}", "6 ip:198.51.100.0/24", form="table",
      not_taken={"meta.url"})
shape("tab_counts", "# list of addresses\n203.0.113.1\t11\n203.0.113.2\t9\n203.0.113.3\t8\n203.0.113.4\t1\n",
      "2 ip:203.0.113.1", "3 ip:203.0.113.2", "4 ip:203.0.113.3", "5 ip:203.0.113.4", form="table")
shape("url_time_hash", f"hxxp://panel.example/in/,2024-01-02 03:04:05,{SHA256}\nhxxp://panel2.example/,2024-01-02 03:04:06,{SHA256_2}\n"
      f"hxxp://panel3.example/,2024-01-02 03:04:06,{'8e' * 32}\n",
      "1 url:hxxp://panel.example/in/", f"1 hash:{SHA256}", "2 url:hxxp://panel2.example/", f"2 hash:{SHA256_2}",
      "3 url:hxxp://panel3.example/", f"3 hash:{'8e' * 32}", form="table")
shape("address_then_slash", "203.0.113.1,Mirai/botnet\n203.0.113.2,Mirai/botnet\n203.0.113.3,Mirai/botnet\n",
      "1 ip:203.0.113.1", "2 ip:203.0.113.2", "3 ip:203.0.113.3", form="table")
shape("two_tables", f"ip,note\n203.0.113.1,a\n\nsha256,domain\n{SHA256},evil.example\n{SHA256_2},bad.example\n",
      "2 ip:203.0.113.1", f"5 hash:{SHA256}", "5 domain:evil.example", f"6 hash:{SHA256_2}", "6 domain:bad.example", form="table")
shape("utf16", "type,value\nip,203.0.113.1\ndomain,evil.example\n".encode("utf-16"), "2 ip:203.0.113.1", "3 domain:evil.example", form="table")
shape("utf16_bare", "203.0.113.1\nevil.example\n".encode("utf-16-le"), "1 ip:203.0.113.1", "2 domain:evil.example")


# JSON.
def lines(*objects):
    return "".join(json.dumps(item) + "\n" for item in objects)


def pretty(item):
    return json.dumps(item, indent=1)


shape("otx", pretty({"name": "p", "author_name": "x.com", "references": ["https://vendor.example/a"], "indicators": [
    {"indicator": "203.0.113.1", "type": "IPv4"}, {"indicator": SHA256, "type": "FileHash-SHA256", "title": "a.com"},
    {"indicator": "http://a.example/b", "type": "URL"}, {"indicator": "CVE-2024-1", "type": "CVE"}]}),
      "9 ip:203.0.113.1", f"13 hash:{SHA256}", "18 url:http://a.example/b", form="json", refused=1)
shape("type_ioc", lines({"type": "domain", "ioc": "evil.example"}, {"type": "ip_address", "ioc": "203.0.113.1"}, {"type": "email", "ioc": "a@evil.example"},
                        {"type": "app_id", "ioc": "com.evil.app"}),
      "1 domain:evil.example", "2 ip:203.0.113.1", "3 email:a@evil.example", form="json", refused=None)
shape("bazaar", lines(*({"sha256_hash": f"{i:064x}", "sha1_hash": f"{i:040x}", "md5_hash": f"{i:032x}", "imphash": IMPHASH, "file_name": "a.com",
                         "reporter": "x.com", "tags": ["a.example"]} for i in range(10, 13))),
      *(f"{i - 9} hash:{i:0{size}x}" for i in range(10, 13) for size in (64, 40, 32)), form="json", not_taken={"imphash", "file_name", "reporter", "tags"})
shape("strings", json.dumps(["evil.example", "203.0.113.1", "http://a.example/b", MD5, "hxxp://c[.]example/"]),
      "1 domain:evil.example", "1 ip:203.0.113.1", "1 url:http://a.example/b", f"1 hash:{MD5}", "1 url:hxxp://c[.]example/", form="json")
shape("cidrs", lines({"cidr": "203.0.113.0/24", "sblid": "SBL1", "rir": "arin"}, {"cidr": "198.51.100.0/24", "sblid": "SBL2", "rir": "ripe"},
                     {"type": "metadata", "timestamp": 1, "copyright": "x.com"}),
      "1 ip:203.0.113.0/24", "2 ip:198.51.100.0/24", form="json", not_taken={"copyright"})
shape("ranges_of_a_vendor", pretty([{"id": 1, "serviceArea": "X", "urls": ["a.example", "*.b.example"], "ips": ["203.0.113.0/24", "2001:db8::/32"]},
                                    {"id": 2, "ips": ["198.51.100.0/24"]}]),
      "6 domain:a.example", "7 domain:*.b.example", "10 ip:203.0.113.0/24", "11 ip:2001:db8::/32", "17 ip:198.51.100.0/24", form="json")
shape("observables", pretty({"type": "bundle", "objects": [{"type": "ipv4-addr", "value": "203.0.113.1"}, {"type": "domain-name", "value": "evil.example"},
                                                           {"type": "file", "hashes": {"MD5": MD5, "SHA-256": SHA256}, "name": "a.exe"},
                                                           {"type": "identity", "name": "x.com", "id": f"identity--{UUID}5"}]}),
      "6 ip:203.0.113.1", "10 domain:evil.example", f"15 hash:{MD5}", f"16 hash:{SHA256}", form="json", refused=None)
shape("ecs", lines({"threat": {"indicator": {"type": "ipv4-addr", "ip": "203.0.113.1", "provider": "v.example"}}, "event": {"reference": "https://v.example/x"}},
                   {"threat": {"indicator": {"type": "file", "file": {"hash": {"sha256": SHA256}, "name": "a.com"}}}},
                   {"threat": {"indicator": {"type": "url", "url": {"full": "http://evil.example/a", "domain": "evil.example"}}}}),
      "1 ip:203.0.113.1", f"2 hash:{SHA256}", "3 url:http://evil.example/a", form="json", refused=None)
shape("anomali", lines({"itype": "mal_ip", "type": "ip", "value": "203.0.113.1", "ip": "203.0.113.1", "rdns": "h.example", "source": "x.com", "confidence": 90},
                       {"itype": "mal_domain", "type": "domain", "value": "evil.example", "ip": "198.51.100.9", "confidence": 20},
                       {"itype": "mal_md5", "type": "md5", "value": MD5}, {"itype": "mal_url", "type": "url", "value": "http://a.example/b"}),
      "1 ip:203.0.113.1", f"3 hash:{MD5}", "4 url:http://a.example/b", form="json", refused=None, options=("--min-confidence", "50"))
shape("crowdstrike", pretty({"resources": [{"id": "x", "type": "sha256", "value": SHA256, "source": "x.com"}, {"type": "ipv4", "value": "203.0.113.1"},
                                           {"type": "domain", "value": "evil.example"}]}),
      f"6 hash:{SHA256}", "11 ip:203.0.113.1", "15 domain:evil.example", form="json")
shape("threatq", lines({"type": {"name": "IP Address"}, "value": "203.0.113.1", "status": {"name": "Active"}},
                       {"type": {"name": "FQDN"}, "value": "evil.example"}, {"type": {"name": "MD5"}, "value": MD5}),
      "1 ip:203.0.113.1", "2 domain:evil.example", f"3 hash:{MD5}", form="json", refused=None)
shape("maltiverse", lines({"type": "ip", "ip_addr": "203.0.113.1", "cidr": ["203.0.113.0/24"], "email": ["abuse@net.example"], "as_name": "X"},
                          {"type": "hostname", "hostname": "evil.example", "resolved_ip": []}, {"type": "url", "url": "http://a.example/b", "hostname": "a.example"}),
      "1 ip:203.0.113.1", "2 domain:evil.example", "3 url:http://a.example/b", form="json", refused=None)
shape("map_of_addresses", pretty({"203.0.113.1": 5, "203.0.113.2": 7, "evil.example": 1}),
      "2 ip:203.0.113.1", "3 ip:203.0.113.2", "4 domain:evil.example", form="json")
shape("misp_event", pretty({"Event": {"info": "x", "Orgc": {"name": "x.com"}, "event_creator_email": "a@x.example", "Attribute": [
    {"type": "malware-sample", "value": f"a.exe|{MD5}", "to_ids": 1}, {"type": "domain", "value": "evil.example", "to_ids": "1"},
    {"type": "ip-dst|port", "value": "203.0.113.1|443", "to_ids": True}, {"type": "domain", "value": "no.example", "to_ids": False},
    {"type": "domain", "value": "no2.example", "to_ids": "0"}]}}),
      f"9 hash:{MD5}", "14 domain:evil.example", "19 ip:203.0.113.1", form="json", refused=2)
shape("misp_any", pretty({"Event": {"Attribute": [{"type": "sha1", "value": SHA1, "to_ids": False}, {"type": "domain", "value": "evil.example", "to_ids": False}]}}),
      f"4 hash:{SHA1}", "9 domain:evil.example", form="json", options=("--to-ids", "any"))


def stix(pattern, **more):
    return {"type": "indicator", "id": f"indicator--{UUID}6", "pattern_type": "stix", "pattern": pattern, **more}


shape("stix_hashes", lines(stix(f"[file:hashes.MD5 = '{MD5}' AND file:hashes.'SHA-1' = '{SHA1}' AND file:name = 'a.exe']"),
                           stix("[network-traffic:dst_ref.type = 'ipv4-addr' AND network-traffic:dst_ref.value = '203.0.113.1' AND network-traffic:dst_port = 443]"),
                           stix("[file:path = '/tmp/.x/bad']"), stix("[process:name = 'badd']"), stix("[directory:path = '/tmp/.x']"),
                           stix("[process:command_line = 'nc -l']"), stix("[user-agent:value = 'Evil/1']"), stix("[email-message:sender_ref.value = 'a@evil.example']")),
      f"1 hash:{MD5}", f"1 hash:{SHA1}", "2 ip:203.0.113.1", "3 file:/tmp/.x/bad", "4 file:badd", "5 file:/tmp/.x", "6 file:nc -l", "7 agent:Evil/1",
      "8 email:a@evil.example", form="json")
shape("stix_expired", lines(stix("[ipv4-addr:value = '203.0.113.1']", valid_until="2020-01-01T00:00:00Z"), stix("[ipv4-addr:value = '203.0.113.2']"),
                            stix("[ipv4-addr:value = '203.0.113.3']", valid_from="2999-01-01T00:00:00Z")),
      "1 ip:203.0.113.1", "2 ip:203.0.113.2", form="json", refused=1)
shape("cut_short", '{"Event":{"Attribute":[{"type":"domain","value":"evil.example","to_ids":true},{"type":"domain","val', "1 domain:evil.example",
      form="json", code=3)
shape("broken_line", '{"ioc":"evil.example","type":"domain"}\n{"ioc":"bad.exam\n{"ioc":"c.example","type":"domain"}\n', "1 domain:evil.example",
      "3 domain:c.example", form="json", code=3)

shape("stix_or", lines(stix("[ipv4-addr:value = '203.0.113.1' OR windows-registry-key:key = 'HKLM']"),
                       stix(f"[file:hashes.MD5 = '{MD5}' AND file:ctime > t'2024-01-01T00:00:00Z']"),
                       stix("[mutex:name = 'x']")), "1 ip:203.0.113.1", f"2 hash:{MD5}", form="json", refused=2)
shape("strings_with_remarks", json.dumps(["203.0.113.1 # panel", "evil.example (loader)", "http://a.example/x - first stage"]),
      "1 ip:203.0.113.1", "1 domain:evil.example", "1 url:http://a.example/x", form="json")
shape("cloud_ranges", pretty({"prefixes": [{"ip_prefix": "203.0.113.0/24", "region": "x-1", "service": "X"}],
                              "ipv6_prefixes": [{"ipv6_prefix": "2001:db8::/32", "region": "x-1"}]}),
      "4 ip:203.0.113.0/24", "11 ip:2001:db8::/32", form="json")
shape("payloads", lines({"urlhaus_download": f"https://vendor.example/{SHA256}", "md5_hash": MD5, "sha256_hash": SHA256, "filename": "a.exe"},
                        {"Orgc": {"name": "vendor.example"}, "md5_hash": "1d" * 16}),
      f"1 hash:{MD5}", f"1 hash:{SHA256}", f"2 hash:{'1d' * 16}", form="json", not_taken={"urlhaus_download"})

# XML and YAML.
shape("openioc", f"""<?xml version="1.0"?>
<ioc xmlns="http://schemas.example/2010/ioc" id="x">
 <short_description>X</short_description>
 <authored_by>vendor.com</authored_by>
 <links><link rel="r">https://vendor.example/</link></links>
 <definition><Indicator operator="OR">
  <IndicatorItem condition="is"><Context document="FileItem" search="FileItem/Md5sum" type="mir"/><Content type="md5">{MD5}</Content></IndicatorItem>
  <IndicatorItem condition="contains"><Context document="Network" search="Network/DNS" type="mir"/><Content type="string">evil.example</Content></IndicatorItem>
  <IndicatorItem condition="is"><Context document="PortItem" search="PortItem/remoteIP" type="mir"/><Content type="IP">203.0.113.1</Content></IndicatorItem>
  <IndicatorItem condition="is"><Context document="Reg" search="RegistryItem/Path" type="mir"/><Content type="string">HKLM\\x</Content></IndicatorItem>
  <IndicatorItem condition="is"><Context document="DnsEntryItem" search="DnsEntryItem/RecordName" type="mir"/><Content type="string">bad.example</Content></IndicatorItem>
 </Indicator></definition>
</ioc>
""", f"7 hash:{MD5}", "8 domain:evil.example", "9 ip:203.0.113.1", "11 domain:bad.example", form="xml", refused=1)
shape("stix1", f"""<stix:STIX_Package xmlns:stix="http://stix.example/stix-1" xmlns:c="http://cybox.example/" xmlns:xsi="http://www.example/xsi" id="x:1">
 <stix:STIX_Header><stix:Title>X</stix:Title><stix:Information_Source><c:Reference>https://vendor.example/</c:Reference></stix:Information_Source></stix:STIX_Header>
 <stix:Observables>
  <c:Observable id="o:1"><c:Object><c:Properties xsi:type="AddressObjectType" category="ipv4-addr"><c:Address_Value condition="Equals">203.0.113.1##comma##203.0.113.2</c:Address_Value></c:Properties></c:Object></c:Observable>
  <c:Observable id="o:2"><c:Object><c:Properties xsi:type="DomainNameObjectType"><c:Value condition="Equals">evil.example</c:Value></c:Properties></c:Object></c:Observable>
  <c:Observable id="o:3"><c:Object><c:Properties xsi:type="FileObjectType"><c:File_Name>a.com</c:File_Name><c:Hashes><c:Hash><c:Type>SHA256</c:Type><c:Simple_Hash_Value>{SHA256}</c:Simple_Hash_Value></c:Hash></c:Hashes></c:Properties></c:Object></c:Observable>
  <c:Observable id="o:4"><c:Object><c:Properties xsi:type="URIObjectType" type="URL"><c:Value>http://a.example/b</c:Value></c:Properties></c:Object></c:Observable>
 </stix:Observables>
</stix:STIX_Package>
""", "4 ip:203.0.113.1", "4 ip:203.0.113.2", "5 domain:evil.example", f"6 hash:{SHA256}", "7 url:http://a.example/b", form="xml", refused=None)
shape("yaml", "# stalkers\n- name: X\n  website: vendor.example\n  note: x\n  domains:\n  - evil.example\n  - bad.example\n  ips: []\n"
      f"  sha256:\n  - {SHA256}\n- name: Y\n  domains:\n  - c.example\n",
      "6 domain:evil.example", "7 domain:bad.example", f"10 hash:{SHA256}", "13 domain:c.example", form="yaml", refused=None)
shape("yaml_map", "---\ntitle: X\nreferences:\n  - https://vendor.example/x\nindicators:\n  - value: 203.0.113.1\n    type: ip\n"
      "  - value: evil[.]example\n    type: domain\n  - {value: bob, type: user}\n",
      "6 ip:203.0.113.1", "8 domain:evil[.]example", "10 user:bob", form="yaml", refused=None)
