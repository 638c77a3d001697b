//! Open Repair data (<https://standard.openrepair.org>): what people brought to repair cafés.
//!
//! Such a file has no titles: the broken thing is a category, in the words of the partner who wrote
//! it ("Haushaltsgeräte ~ Toaster") or in the standard's English ones ("Toaster").

use record::Language;

/// "Repair" in the languages in which repair cafés write.
const REPAIR: &[(&str, &str)] = &[
    ("de", "Reparatur"),
    ("nl", "Reparatie"),
    ("fr", "Réparation"),
    ("es", "Reparación"),
    ("it", "Riparazione"),
    ("pt", "Reparação"),
    ("ca", "Reparació"),
    ("da", "Reparation"),
    ("sv", "Reparation"),
    ("pl", "Naprawa"),
    ("cs", "Oprava"),
    ("tr", "Onarım"),
    ("ru", "Ремонт"),
    ("uk", "Ремонт"),
];

/// The standard's categories, and what people call them in German, French, Spanish and Dutch. The
/// spelling varies in the data, hence the comparison without case.
const CATEGORIES: &[&str] = &[
    "Aircon/dehumidifier|Klimagerät|climatiseur|aire acondicionado|airco",
    "Battery/charger/adapter|Ladegerät|chargeur|cargador|oplader",
    "Coffee maker|Kaffeemaschine|cafetière|cafetera|koffiezetapparaat",
    "Decorative or safety lights|Lichterkette|guirlande lumineuse|luces|sfeerverlichting",
    "Desktop computer|Computer|ordinateur|ordenador|computer",
    "Digital compact camera|Digitalkamera|appareil photo|cámara digital|digitale camera",
    "DSLR/video camera|Kamera|caméra|cámara|camera",
    "Fan|Ventilator|ventilateur|ventilador|ventilator",
    "Flat screen|Bildschirm|écran plat|pantalla|beeldscherm",
    "Food processor|Küchenmaschine|robot de cuisine|robot de cocina|keukenmachine",
    "Games console|Spielkonsole|console de jeux|consola de juegos|spelconsole",
    "Hair & beauty item|Haarpflegegerät|appareil de beauté|aparato de belleza|verzorgingsapparaat",
    "Hair dryer|Fön|sèche-cheveux|secador de pelo|haardroger",
    "Handheld entertainment device|tragbarer Player|lecteur portable|reproductor portátil|draagbare speler",
    "Headphones|Kopfhörer|casque audio|auriculares|koptelefoon",
    "Hi-Fi integrated|Stereoanlage|chaîne hi-fi|equipo de música|stereo-installatie",
    "Hi-Fi separates|HiFi-Gerät|élément hi-fi|aparato de alta fidelidad|hifi-toestel",
    "Iron|Bügeleisen|fer à repasser|plancha|strijkijzer",
    "Kettle|Wasserkocher|bouilloire|hervidor|waterkoker",
    "Lamp|Lampe|lampe|lámpara|lamp",
    "Large home electrical|Haushaltsgroßgerät|gros électroménager|electrodoméstico grande|groot huishoudtoestel",
    "Laptop|Laptop|ordinateur portable|portátil|laptop",
    "Misc|Gerät|appareil|aparato|toestel",
    "Mobile|Handy|téléphone portable|móvil|mobiele telefoon",
    "Musical instrument|Musikinstrument|instrument de musique|instrumento musical|muziekinstrument",
    "Paper shredder|Aktenvernichter|destructeur de papier|destructora de papel|papierversnipperaar",
    "PC accessory|PC-Zubehör|accessoire d'ordinateur|accesorio de ordenador|pc-accessoire",
    "Portable radio|Radio|radio|radio|radio",
    "Power tool|Elektrowerkzeug|outil électrique|herramienta eléctrica|elektrisch gereedschap",
    "Printer/scanner|Drucker|imprimante|impresora|printer",
    "Projector|Beamer|projecteur|proyector|projector",
    "Sewing machine|Nähmaschine|machine à coudre|máquina de coser|naaimachine",
    "Small home electrical|Haushaltskleingerät|petit appareil ménager|electrodoméstico pequeño|klein huishoudtoestel",
    "Small kitchen item|Küchengerät|petit appareil de cuisine|aparato de cocina|keukentoestel",
    "Tablet|Tablet|tablette|tableta|tablet",
    "Toaster|Toaster|grille-pain|tostadora|broodrooster",
    "Toy|Spielzeug|jouet|juguete|speelgoed",
    "TV and gaming-related accessories|Fernsehzubehör|accessoire de télévision|accesorio de televisión|tv-accessoire",
    "Vacuum|Staubsauger|aspirateur|aspiradora|stofzuiger",
    "Watch/clock|Uhr|montre ou horloge|reloj|klok of horloge",
];

/// The title for a broken thing: `Reparatur: Toaster`.
pub(super) fn title(category: &str, language: Option<Language>) -> String {
    let code = language.map(|language| language.to_string());
    let repair = REPAIR.iter().find(|(known, _)| Some(*known) == code.as_deref());
    let last = category.rsplit('~').next().unwrap_or_default().trim();
    let thing = if last.is_empty() { category } else { last };
    let name = in_language(thing, code.as_deref().unwrap_or_default()).unwrap_or(thing);
    format!("{}: {name}", repair.map_or("Repair", |(_, word)| word))
}

/// What people call one of the standard's categories.
fn in_language(category: &str, code: &str) -> Option<&'static str> {
    let at = match code {
        "de" => 1,
        "fr" => 2,
        "es" => 3,
        "nl" => 4,
        _ => return None,
    };
    let names = CATEGORIES.iter().find(|names| {
        let standard = names.split('|').next();
        standard.is_some_and(|name| name.eq_ignore_ascii_case(category))
    })?;
    names.split('|').nth(at)
}

/// A problem's text without the traces of the databases and web forms that it went through.
pub(super) fn tidy_problem(problem: &str) -> String {
    let mut text = problem.to_owned();
    for (trace, meant) in [
        ("\\r\\n", "\n"),
        ("\\n", "\n"),
        ("&gt;", ">"),
        ("&lt;", "<"),
        ("&quot;", "\""),
        ("&#39;", "'"),
        ("&amp;", "&"),
    ] {
        if text.contains(trace) {
            text = text.replace(trace, meant);
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn titled(category: &str, language: &str) -> String {
        title(category, language.parse().ok())
    }

    #[test]
    fn the_last_part_of_a_partners_category_names_the_thing() {
        assert_eq!(titled("Haushaltsgeräte ~ Kaffeevollautomat", "de"), "Reparatur: Kaffeevollautomat");
        assert_eq!(titled("Haushaltsgeräte ~ ", "de"), "Reparatur: Haushaltsgeräte ~ ");
        assert_eq!(titled("Lamp", ""), "Repair: Lamp");
    }

    #[test]
    fn the_standards_categories_are_named_in_the_files_language() {
        assert_eq!(titled("PC Accessory", "nl"), "Reparatie: pc-accessoire");
        assert_eq!(titled("Vacuum", "fr"), "Réparation: aspirateur");
        assert_eq!(titled("Vacuum", "en"), "Repair: Vacuum");
        assert_eq!(titled("Vacuum", "pl"), "Naprawa: Vacuum");
    }

    #[test]
    fn traces_of_databases_are_taken_out() {
        assert_eq!(tidy_problem("lädt nicht&gt;&gt; Regler\\r\\nneu"), "lädt nicht>> Regler\nneu");
    }
}
