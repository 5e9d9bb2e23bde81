use super::*;
use crate::page::Files;

#[test]
fn what_means_nothing_goes_and_what_means_something_stays() {
    for (script, expected) in [
        ("// What it is.\n\n/** One line. */\nexport const a = 1; // seconds\n", "export const a=1;"),
        ("/**\n * More\n * lines.\n */\nif (a) {\n  b(\"//\");\n}\n", "if(a){b(\"//\");}"),
        ("const a = x + +y - -z;", "const a=x+ +y- -z;"),
        ("let a = b / c / d; // e", "let a=b/c/d;"),
        ("a = /[/\"]+/g.test(b);", "a=/[/\"]+/g.test(b);"),
        ("return /\"/.exec(begin / 2);", "return/\"/.exec(begin/2);"),
        ("f(`a  ${ b + `  c ${ {d: 1}.d }  ` }  //`);", "f(`a  ${b+`  c ${{d:1}.d}  `}  //`);"),
        ("f('it\\'s  // so', \"\\\\\");", "f('it\\'s  // so',\"\\\\\");"),
        ("a\nb\n(c)", "a\nb\n(c)"),
        ("class A {\n  #one = 1;\n  #two = this.#one;\n}\n", "class A{#a=1;#b=this.#a}"),
        ("x in y; of in z; #a in b", "x in y;of in z;#a in b"),
        ("static async *a() {\n}\nget b() {}\n", "static async*a(){}\nget b(){}"),
        ("f(\"#sum\", \"·\", '–');", "f(\"#sum\",\"·\",'–');"),
        ("f(\n  a,\n  [b, c,],\n);", "f(a,[b,c]);"),
        ("{ while (a());\n}", "{while(a());}"),
        ("if (a) {\n  b = 1;\n}", "if(a){b=1}"),
        ("[, a, ,]", "[,a,,]"),
    ] {
        assert_eq!(short(script), expected);
    }
}

#[test]
fn a_constant_gets_a_short_name_where_it_can_be_nothing_else() {
    for (script, expected) in [
        (
            "const SOON_MS = 5; f(SOON_MS, `${SOON_MS} SOON_MS`, \"SOON_MS\");",
            "const $a=5;f($a,`${$a} SOON_MS`,\"SOON_MS\");",
        ),
        ("export const SOON_MS = 5;", "export const SOON_MS=5;"),
        ("const ABC = 5; a.ABC = ABC;", "const ABC=5;a.ABC=ABC;"),
        ("const ABC = 5; f({ ABC });", "const ABC=5;f({ABC});"),
        ("const ABC = 5; f({ ABC: 1 });", "const ABC=5;f({ABC:1});"),
        ("const ABC = 5; a ? ABC : b;", "const $a=5;a?$a:b;"),
        ("const ABC = 5; const $a = 1;", "const ABC=5;const $a=1;"),
        ("import { ABC } from \"x\"; f(ABC);", "import{ABC}from\"x\";f(ABC);"),
        ("const Abc = 5, ABC = 1; ABC;", "const Abc=5,ABC=1;ABC;"),
    ] {
        assert_eq!(short(script), expected);
    }
}

#[test]
fn what_is_not_understood_goes_out_as_it_is() {
    for script in ["a = \"no end", "f(`no end", "}", "{", "/* no end", "a = /no end\n;"] {
        assert_eq!(short(script), script);
    }
}

/// The tokens with every name that has become another, and without what stands before the end of a list or block.
fn meaning(script: &str, names: &HashMap<&str, String>) -> Vec<String> {
    let tokens = tokens(script).unwrap();
    let kept = (0..tokens.len()).filter(|at| {
        let next = tokens.get(at + 1).map_or("", |token| token.text);
        !matches!((tokens[*at].text, next), ("," | ";", "}") | (",", ")" | "]"))
    });
    let name = |token: &Token<'_>| names.get(token.text).filter(|_| token.is_name()).cloned();
    kept.map(|at| name(&tokens[at]).unwrap_or_else(|| tokens[at].text.to_owned())).collect()
}

#[test]
fn every_script_of_the_page_keeps_its_tokens_and_none_is_shortened_twice() {
    let mut count = 0;
    for path in Files::iter().filter(|path| path.ends_with(".js")) {
        let script = String::from_utf8(Files::get(&path).unwrap().data.into_owned()).unwrap();
        let shorter = short(&script);
        assert!(shorter.len() < script.len(), "{path} is not understood");
        let names = names(&tokens(&script).unwrap());
        let different: HashSet<_> = names.values().collect();
        assert_eq!(different.len(), names.len(), "{path}: two names have become one");
        assert_eq!(meaning(&shorter, &HashMap::new()), meaning(&script, &names), "{path}");
        assert_eq!(short(&shorter), shorter, "{path}");
        count += 1;
    }
    assert!(count > 50, "{count} scripts");
}

#[test]
fn there_are_short_names_for_as_many_as_there_are() {
    let names: HashSet<_> = (0..3000).map(letters).collect();
    assert_eq!((names.len(), letters(0), letters(52)), (3000, "a".to_owned(), "aa".to_owned()));
}
