//! Names that look alike, and names that do not.

use super::{are_alike, looks};
use proptest::prelude::*;

/// Names of which each looks like the first.
const ALIKE: &[(&str, &[(&str, &str)])] = &[
    (
        "Ada Lovelace",
        &[
            ("the same", "Ada Lovelace"),
            ("other case", "ADA LOVELACE"),
            ("other case", "aDA lOVELACE"),
            ("more spaces", "  Ada   Lovelace "),
            ("no space", "AdaLovelace"),
            ("no-break space", "Ada\u{a0}Lovelace"),
            (
                "narrow and wide spaces",
                "Ada\u{202f}\u{3000}\u{2003}Lovelace",
            ),
            ("hair space in a word", "Ada Love\u{200a}lace"),
            ("braille blank", "Ada\u{2800}Lovelace"),
            ("tab and line", "Ada\t\nLovelace"),
            ("zero-width space", "Ada L\u{200b}ovelace"),
            ("zero-width joiners", "A\u{200c}d\u{200d}a Lovelace\u{2060}"),
            ("byte order mark", "\u{feff}Ada Lovelace"),
            ("soft hyphen", "Ada Love\u{ad}lace"),
            ("Hangul fillers", "\u{3164}Ada Lovelace\u{ffa0}"),
            ("variation selectors", "A\u{fe0f}da Lovelace\u{e0101}"),
            ("tag characters", "Ada Lovelace\u{e0041}\u{e0064}"),
            ("control characters", "Ada\u{7} Lovelace\u{90}"),
            (
                "direction marks",
                "\u{200e}Ada\u{200f} Lovelace\u{2066}\u{2069}",
            ),
            ("written backwards", "\u{202e}ecalevoL adA"),
            ("partly backwards", "Ada \u{202e}evoL\u{202c}lace"),
            ("accents", "Áda Løvelace"),
            (
                "combining marks",
                "A\u{301}d\u{323}a\u{20dd} L\u{338}ovelace",
            ),
            (
                "many of them",
                "A\u{300}\u{301}\u{302}\u{303}\u{304}da Lovelace",
            ),
            ("full width", "Ａｄａ　Ｌｏｖｅｌａｃｅ"),
            ("bold", "𝐀𝐝𝐚 𝐋𝐨𝐯𝐞𝐥𝐚𝐜𝐞"),
            ("script", "𝓐𝓭𝓪 𝓛𝓸𝓿𝓮𝓵𝓪𝓬𝓮"),
            ("double-struck", "𝔸𝕕𝕒 𝕃𝕠𝕧𝕖𝕝𝕒𝕔𝕖"),
            ("circled", "Ⓐⓓⓐ Ⓛⓞⓥⓔⓛⓐⓒⓔ"),
            ("small capitals", "Aᴅᴀ Lᴏᴠᴇʟᴀᴄᴇ"),
            ("Cyrillic letters", "Аdа Lоvеlасе"),
            ("Greek letters", "Αda Lοvelace"),
            ("Cherokee and Lisu", "Ꭺda ꓡovelace"),
            ("capital I for l", "Ada LoveIace"),
            ("one for l", "Ada Love1ace"),
            ("bar for l", "Ada Love|ace"),
            ("zero for o", "Ada L0velace"),
        ],
    ),
    (
        "Bob",
        &[("zero for o", "B0b"), ("Greek", "Βοb"), ("capital", "BOB")],
    ),
    (
        "Tim",
        &[
            ("rn for m", "Tirn"),
            ("capitals", "TIM"),
            ("l for i", "Tlm"),
        ],
    ),
    (
        "Ian",
        &[("small", "ian"), ("l for I", "lan"), ("Cyrillic", "Іаn")],
    ),
    ("ian", &[("capital", "Ian")]),
    (
        "Max",
        &[("small", "max"), ("rn", "rnax"), ("capitals", "MAX")],
    ),
    ("O'Neil 01", &[("look-alikes", "0’Nei1 O1")]),
    (
        "O'Neil \"<b>\"",
        &[
            ("escaped", "O&apos;Neil &quot;&lt;b&gt;&quot;"),
            ("in part, in capitals", "O&apos;NEIL \"<B&gt;\""),
        ],
    ),
    ("Ann O&apos;Neil", &[("as it is shown", "Ann O'Neil")]),
    (
        "O'''''''''''' Neil",
        &[(
            "short once it is shown",
            "O&apos;&apos;&apos;&apos;&apos;&apos;&apos;&apos;&apos;&apos;&apos;&apos; Neil",
        )],
    ),
    ("Strauß", &[("capitals", "STRAUSS"), ("long s", "Strauſs")]),
    ("Ödön Füßli", &[("no accents", "Odon Füssli")]),
    ("Jiří", &[("no accents", "Jiri"), ("dotless", "Jırı")]),
    ("Fionn Office", &[("ligatures", "\u{fb01}onn O\u{fb03}ce")]),
    (
        "Σίσυφος",
        &[
            ("capitals", "ΣΙΣΥΦΟΣ"),
            ("no accents", "Σισυφοσ"),
            ("a space before the last letter", "Σίσυφο ς"),
        ],
    ),
    (
        "Галя Иванова",
        &[("capitals", "ГАЛЯ ИВАНОВА"), ("small", "галя иванова")],
    ),
    ("Андрей", &[("no breve", "Андреи"), ("Latin A", "Aндрей")]),
    ("ニコ", &[("half width", "ﾆｺ")]),
    ("김철수", &[("decomposed", "\u{1100}\u{1175}\u{11b7}철수")]),
    ("محمد", &[("with vowels", "مُحَمَّد")]),
    ("ŉ", &[("itself", "ŉ")]),
    // Nobody sees the part that is cut off.
    (
        "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx",
        &[(
            "longer",
            "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxyz",
        )],
    ),
];

const DIFFERENT: &[(&str, &str)] = &[
    ("Ada Lovelace", "Ada Lovelace (guest)"),
    ("Ada Lovelace", "Ada"),
    ("Ada Lovelace", "Ada Byron"),
    ("Ada Lovelace", "Adam Lovelace"),
    ("Ada Lovelace", "Lovelace Ada"),
    ("Ada Lovelace", ""),
    ("Anna", "Hanna"),
    ("Anna", "Anne"),
    ("Tom", "Tim"),
    ("Jan", "Jon"),
    ("Иван", "Ivan"),
    ("たかだ", "たかた"),
    ("राम", "रमा"),
    ("李明", "李朋"),
    ("Max 1", "Max 2"),
    // These are shown as they are.
    ("Ada", "&#65;da"),
    ("O'Neil", "O&#39;Neil"),
    ("O'Neil", "O&APOS;Neil"),
    ("O'Neil", "O&amp;apos;Neil"),
    ("A & B", "A &amp; B"),
];

#[test]
fn names_that_look_alike_are_alike() {
    let mut wrong = Vec::new();
    for (name, others) in ALIKE {
        for (how, other) in *others {
            if !are_alike(name, other) {
                wrong.push((name, how, other, looks(name), looks(other)));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn names_that_can_be_told_apart_are_not() {
    for (name, other) in DIFFERENT {
        let looks = (looks(name), looks(other));
        assert!(!are_alike(name, other), "{name} {other} {looks:?}");
    }
}

#[test]
fn invisible_characters_have_no_looks() {
    for name in ["", " ", "\u{200b}\u{feff}", "\u{3000}\u{2800}", "\u{301}"] {
        assert!(looks(name).is_empty(), "{name:?}");
    }
}

proptest! {
    /// Any change to a name that nobody sees leaves it alike.
    #[test]
    fn unseen_changes_change_nothing(
        name in "[a-zA-Zа-яА-Яα-ωぁ-ん0-9 ]{1,30}",
        at in any::<prop::sample::Index>(),
        unseen in prop::sample::select(vec!["\u{200b}", "\u{ad}", "\u{202d}", " ", "\u{3000}", "\u{301}", "\u{e0041}"]),
    ) {
        let mut changed: Vec<char> = name.chars().collect();
        let at = at.index(changed.len() + 1);
        changed.splice(at..at, unseen.chars());
        let changed: String = changed.into_iter().collect();
        prop_assume!(!looks(&name).is_empty());
        prop_assert!(are_alike(&name, &changed), "{changed:?}");
        prop_assert!(are_alike(&name, &name.to_lowercase()));
        prop_assert!(are_alike(&name, &name.to_uppercase()));
    }

    /// Any text: it is like itself, has few looks, and they are short.
    #[test]
    fn every_name_is_like_itself(name in any::<String>()) {
        let looks = looks(&name);
        prop_assert!(looks.len() <= 4);
        prop_assert!(looks.iter().all(|look| look.len() < 4096));
        prop_assert!(looks.is_empty() || are_alike(&name, &name));
    }
}
