/// The part of a settings page that shows the picture of an account or organisation, and changes it.
struct PictureSection {
    let handle: String
    /// Of the picture that was uploaded; nil when none was.
    let tag: String?
    /// Where the form goes; taking away is `…/remove`.
    let address: String

    var html: HTML {
        let remove: HTML? =
            tag == nil
            ? nil
            : "<form method=\"post\" action=\"\(address)/remove\"><button class=\"danger\">Remove the picture</button></form>"
        let picture = Avatar.large(handle, tag: tag, alt: "The picture of \(handle)")
        return """
            <section aria-labelledby="picture-head"><div class="sect"><h2 id="picture-head">Picture\
            </h2></div>
            <div class="row">\(picture)\(remove)</div>
            <form class="form gap" method="post" action="\(address)" enctype="multipart/form-data">
            <div class="field"><label for="picture">Another picture</label><input id="picture" \
            name="\(AvatarSettings.field)" type="file" required accept="\
            \(PictureKind.mediaTypes.joined(separator: ","))" aria-describedby="picture-hint"><p \
            class="hint" id="picture-hint">PNG, JPEG or WebP, up to \
            \(Limits.pictureBytesMax.byteSize) and \(Limits.pictureSideMax) by \
            \(Limits.pictureSideMax) pixels. Everybody sees its middle square. What a camera wrote into it, \
            such as the place, is dropped.</p></div>
            <button>Use this picture</button></form></section>
            """
    }
}
