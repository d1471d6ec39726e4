//! A connector of an operation and a file that says the rest; the bytes are the operation.

use noteferry::proofs::Catalogue;
use noteferry::proofs::Place;

const CONNECTOR: &[u8] = b"connector: crm\nabout: A CRM\nbase_url: https://crm.invalid/api\n";

pub(crate) fn run(data: &[u8]) {
    for (connector, operation) in [(CONNECTOR, data), (data, &b""[..])] {
        let path = super::file("schemas/crm/connector.yaml", connector);
        let folder = path.parent().and_then(|folder| folder.parent()).expect("it has folders");
        let file = super::file("schemas/crm/comment.create.yaml", operation);
        if operation.is_empty() {
            std::fs::remove_file(file).expect("it can be removed");
        }
        match Catalogue::new([folder.to_owned()]).load("crm", Place::Nowhere) {
            Ok(connector) => {
                assert!(!connector.base_url.ends_with('/'));
                assert!(connector.concurrency > 0);
            }
            Err(problems) => {
                assert!(!problems.is_empty());
                problems.iter().for_each(super::check_problem);
            }
        }
    }
}
