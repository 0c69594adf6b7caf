//! Which certificate is the leaf, and the way from it to its root.

use proptest::prelude::*;
use proptest::sample::{Index, subsequence};
use testing::certificates::on_a_rare_curve;

use super::*;

#[test]
fn the_chain_runs_from_the_leaf_and_leaves_the_root_out() {
    let Line {
        root,
        upper,
        lower,
        leaf,
    } = line();
    let read = read_pem(&[&root.der, &lower.der, &leaf.der, &upper.der], &[&leaf.key]).expect("readable");
    assert_eq!(read.leaf, leaf.der);
    assert_eq!(read.intermediates, [lower.der, upper.der]);
    assert_eq!((read.missing_issuer, read.left_out), (None, 0));
    assert!(read.private_key.expect("a key").expose() == leaf.key.as_slice());
}

#[test]
fn a_self_signed_leaf_is_its_own_chain() {
    let alone = self_signed("alone");
    let read = read_pem(&[&alone.der], &[&alone.key]).expect("readable");
    assert_eq!(read.leaf, alone.der);
    assert_eq!(
        (read.intermediates.len(), read.missing_issuer, read.left_out),
        (0, None, 0)
    );
}

#[test]
fn a_missing_intermediate_is_named() {
    let Line {
        root, lower, leaf, ..
    } = line();
    let read = read_pem(&[&leaf.der, &lower.der, &root.der], &[&leaf.key]).expect("readable");
    assert_eq!(read.intermediates, [lower.der]);
    assert_eq!(read.missing_issuer.as_deref(), Some("CN=upper"));
    assert_eq!(read.left_out, 1, "the root is not on the way any more");
}

#[test]
fn an_impostor_with_the_issuers_name_is_left_out_although_its_root_is_there() {
    let Line {
        upper, lower, leaf, ..
    } = line();
    let elsewhere = Authority::root("elsewhere");
    let impostor = elsewhere.authority("lower");
    let certificates = [
        &leaf.der[..],
        &impostor.der,
        &elsewhere.der,
        &lower.der,
        &upper.der,
    ];
    let read = read_pem(&certificates, &[&leaf.key]).expect("readable");
    assert_eq!(read.intermediates, [lower.der, upper.der]);
    assert_eq!(read.left_out, 2);
}

#[test]
fn a_certificate_of_another_name_is_no_issuer_although_its_key_signed() {
    let root = Authority::root("root");
    let named = root.authority("named");
    let renamed = root.cross_sign_as("renamed", &named);
    let leaf = named.issue("leaf");
    let read = read_pem(&[&leaf.der, &renamed, &root.der], &[&leaf.key]).expect("readable");
    assert_eq!(
        (read.intermediates.len(), read.missing_issuer.as_deref()),
        (0, Some("CN=named"))
    );
}

#[test]
fn where_the_signature_cannot_be_checked_key_identifiers_decide() {
    let root = Authority::root("root");
    let (one, two) = (root.authority("same name"), root.authority("same name"));
    let (one_der, two_der) = (on_a_rare_curve(&one.der), on_a_rare_curve(&two.der));
    for (issuer, expected) in [(&one, &one_der), (&two, &two_der)] {
        let leaf = issuer.issue_with_key_id("leaf");
        let read = read_pem(&[&leaf.der, &one_der, &two_der], &[&leaf.key]).expect("readable");
        assert_eq!(read.intermediates, std::slice::from_ref(expected));
    }
    let unmarked = one.issue("leaf");
    let read = read_pem(&[&unmarked.der, &one_der], &[&unmarked.key]).expect("readable");
    assert_eq!(
        read.intermediates,
        [one_der],
        "without an identifier the name is enough"
    );
}

#[test]
fn of_two_certificates_of_one_issuer_the_one_that_is_valid_longer_is_taken() {
    let Line {
        root,
        upper,
        lower,
        leaf,
    } = line();
    let renewed = upper.cross_sign(&lower);
    for certificates in [[&renewed, &lower.der], [&lower.der, &renewed]] {
        let certificates = [
            &leaf.der[..],
            certificates[0],
            certificates[1],
            &upper.der,
            &root.der,
        ];
        let read = read_pem(&certificates, &[&leaf.key]).expect("readable");
        assert_eq!(read.intermediates, [renewed.clone(), upper.der.clone()]);
    }
}

#[test]
fn of_two_cross_signed_issuers_the_one_whose_root_is_there_is_taken() {
    let Line {
        root,
        upper,
        lower,
        leaf,
    } = line();
    let other_root = Authority::root("other root");
    let crossed = other_root.cross_sign(&lower);
    let read = read_pem(&[&leaf.der, &lower.der, &crossed, &other_root.der], &[&leaf.key]).expect("readable");
    assert_eq!(read.intermediates, std::slice::from_ref(&crossed));

    let read = read_pem(&[&leaf.der, &crossed, &lower.der, &upper.der], &[&leaf.key]).expect("readable");
    assert_eq!(
        read.intermediates,
        [lower.der.clone(), upper.der.clone()],
        "without roots the longer way is taken"
    );

    let read = read_pem(
        &[
            &leaf.der,
            &crossed,
            &lower.der,
            &upper.der,
            &root.der,
            &other_root.der,
        ],
        &[&leaf.key],
    );
    assert_eq!(
        read.expect("readable").intermediates,
        [crossed],
        "with both roots the shorter way is taken"
    );
}

#[test]
fn authorities_that_signed_each_other_make_no_endless_chain() {
    let (one, other) = (Authority::root("one"), Authority::root("other"));
    let (one_by_other, other_by_one) = (other.cross_sign(&one), one.cross_sign(&other));
    let leaf = one.issue("leaf");
    let read = read_pem(&[&other_by_one, &leaf.der, &one_by_other], &[&leaf.key]).expect("readable");
    assert_eq!(read.intermediates, [one_by_other, other_by_one]);
}

#[test]
fn a_certificate_that_is_there_twice_counts_once() {
    let Line {
        root,
        upper,
        lower,
        leaf,
    } = line();
    let read = read_pem(
        &[
            &leaf.der, &lower.der, &leaf.der, &upper.der, &lower.der, &root.der,
        ],
        &[&leaf.key],
    );
    let read = read.expect("readable");
    assert_eq!(read.intermediates, [lower.der, upper.der]);
    assert_eq!(read.left_out, 0);
}

#[test]
fn without_a_key_the_leaf_is_the_one_that_issued_nothing() {
    let Line {
        root,
        upper,
        lower,
        leaf,
    } = line();
    let read = read_pem(&[&upper.der, &root.der, &leaf.der, &lower.der], &[]).expect("readable");
    assert_eq!(read.leaf, leaf.der);
    assert!(read.private_key.is_none());

    let stranger = Authority::root("stranger");
    let read = read_pem(&[&stranger.der, &leaf.der, &lower.der], &[]).expect("an authority is no leaf");
    assert_eq!((read.leaf, read.left_out), (leaf.der.clone(), 1));

    let second = lower.issue("second leaf");
    let error = outcome(read_pem(&[&leaf.der, &second.der, &lower.der], &[]));
    assert_eq!(error, CertificateError::LeafUnclear { certificates: 3 });
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn the_order_of_the_value_does_not_matter(
        chosen in subsequence((0..8_usize).collect::<Vec<_>>(), 0..=8).prop_shuffle(),
        leaf_at: Index,
    ) {
        let Line { root, upper, lower, leaf } = line();
        let other_root = Authority::root("other root");
        let pool = [
            other_root.cross_sign(&lower), other_root.cross_sign(&root), root.cross_sign(&other_root),
            root.der, upper.der, lower.der, other_root.der, leaf.der.clone(),
        ];
        let mut shuffled: Vec<&[u8]> = chosen.iter().map(|&index| pool[index].as_slice()).collect();
        shuffled.insert(leaf_at.index(shuffled.len() + 1), &leaf.der);
        let mut sorted = shuffled.clone();
        sorted.sort_unstable();

        let one = read_pem(&shuffled, &[&leaf.key]).expect("readable");
        let other = read_pem(&sorted, &[&leaf.key]).expect("readable");
        prop_assert_eq!(&one.leaf, &leaf.der);
        prop_assert_eq!(one.intermediates, other.intermediates);
        prop_assert_eq!((one.missing_issuer, one.left_out), (other.missing_issuer, other.left_out));
    }
}
