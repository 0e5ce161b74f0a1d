//! A certification authority, and the files of servers that have its certificates.

use std::{fs, path::PathBuf, process};

use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};

use super::redis::folder_in_memory;

/// A private CA.
pub(crate) struct Authority {
    issuer: Issuer<'static, KeyPair>,
    /// Its certificate, in PEM.
    pub(crate) pem: String,
    folder: PathBuf,
}

impl Authority {
    /// One for the story `name`.
    pub(crate) fn new(name: &str) -> Self {
        let key = KeyPair::generate().expect("a key");
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let pem = params.self_signed(&key).expect("a certificate").pem();
        let folder = format!("authority-{name}-{}", process::id());
        let folder = folder_in_memory().join(folder);
        fs::create_dir_all(&folder).expect("the folder can be written");
        fs::write(folder.join("ca.pem"), &pem).expect("the folder can be written");
        Self {
            issuer: Issuer::new(params, key),
            pem,
            folder,
        }
    }

    /// The settings of a Redis or Sentinel that has a certificate for these hosts.
    pub(crate) fn certify(&self, hosts: &[&str]) -> Vec<(&'static str, String)> {
        let key = KeyPair::generate().expect("a key");
        let names: Vec<_> = hosts.iter().map(|host| (*host).to_owned()).collect();
        let params = CertificateParams::new(names).expect("good names");
        let certificate = params.signed_by(&key, &self.issuer);
        let file = |name: &str| self.folder.join(format!("{}-{name}.pem", hosts.join("-")));
        let files = [
            (
                file("certificate"),
                certificate.expect("a certificate").pem(),
            ),
            (file("key"), key.serialize_pem()),
        ];
        for (file, text) in &files {
            fs::write(file, text).expect("the folder can be written");
        }
        let path = |file: &PathBuf| file.display().to_string();
        vec![
            ("tls-cert-file", path(&files[0].0)),
            ("tls-key-file", path(&files[1].0)),
            ("tls-ca-cert-file", path(&self.folder.join("ca.pem"))),
            ("tls-auth-clients", "no".to_owned()),
        ]
    }
}

impl Drop for Authority {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.folder);
    }
}
