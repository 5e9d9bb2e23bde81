use super::*;
use crate::page::Files;

/// The tokens of a script, told apart as simply as can be: enough to see that none was lost, added or moved.
fn tokens(script: &str) -> Vec<String> {
    let mut names = HashMap::new();
    let shortened = Shortener::new(script);
    let mut found = Vec::new();
    for token in split(shortened) {
        let next = names.len();
        found.push(match token.strip_prefix('#') {
            Some(_) => format!("#{}", names.entry(token).or_insert(next)),
            None => token,
        });
    }
    found
}

/// Every token on a line of its own is what is left if nothing is ever joined.
fn split(mut shortener: Shortener<'_>) -> Vec<String> {
    let mut found = Vec::new();
    while !shortener.rest.is_empty() {
        let before = shortener.out.len();
        assert!(shortener.step().is_some(), "not understood: {:.60}", shortener.rest);
        let token = shortener.out[before..].trim();
        if !token.is_empty() {
            found.push(token.to_owned());
        }
    }
    found
}

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
        ("class A {\n  #one = 1;\n  #two = this.#one;\n}\n", "class A{#a=1;#b=this.#a;}"),
        ("x in y; of in z; #a in b", "x in y;of in z;#a in b"),
        ("static async *a() {\n}\nget b() {}\n", "static async*a(){}\nget b(){}"),
        ("f(\"#sum\", \"·\", '–');", "f(\"#sum\",\"·\",'–');"),
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

#[test]
fn every_script_of_the_page_keeps_its_tokens_and_is_shortened_once_and_for_all() {
    let mut count = 0;
    for path in Files::iter().filter(|path| path.ends_with(".js")) {
        let script = String::from_utf8(Files::get(&path).unwrap().data.into_owned()).unwrap();
        let shorter = short(&script);
        assert!(shorter.len() < script.len(), "{path} is not understood");
        assert_eq!(tokens(&shorter), tokens(&script), "{path}");
        assert_eq!(short(&shorter), shorter, "{path}");
        count += 1;
    }
    assert!(count > 50, "{count} scripts");
}

#[test]
fn there_are_short_names_for_as_many_as_there_are() {
    let names: std::collections::HashSet<_> = (0..3000).map(letters).collect();
    assert_eq!((names.len(), letters(0), letters(52)), (3000, "a".to_owned(), "aa".to_owned()));
}
