import Support
import Testing

@testable import HifS3

@Suite struct SmallXMLTests {
    static let listing = """
        <?xml version="1.0" encoding="UTF-8"?>
        <ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/">
          <Name>bucket</Name><Prefix/>
          <Contents><Key>a&amp;b&#x20AC;&#33;</Key><Size>17</Size></Contents>
          <Contents><Key>c</Key><ETag>&quot;x&quot;</ETag><Size>0</Size></Contents>
          <x:IsTruncated x:y='z>'>false</x:IsTruncated>
        </ListBucketResult>
        """

    @Test func `a listing is read`() throws {
        let document = try SmallXML(parsing: Array(Self.listing.utf8))
        #expect(document.name == "ListBucketResult")
        #expect(document.children.count == 5)
        #expect(document["Contents"]?["Key"]?.text == "a&b€!")
        #expect(document["Contents"]?["Size"]?.text == "17")
        #expect(document["Prefix"]?.text == "")
        #expect(document["IsTruncated"]?.text == "false")
        #expect(document["None"] == nil)
    }

    @Test(arguments: [
        "", "x", "<", "<a", "<a>", "<a></b>", "<a></a", "<a><b></a></b>", "<a/><b/>", "<a b></a>",
        "<a>&none;</a>", "<a>&#xD800;</a>", "<a>&#x110000;</a>", "<a>&</a>",
        "<a>&ampersandless;</a>",
        "<!DOCTYPE a [<!ENTITY b \"c\">]><a>&b;</a>", "<a><!-- c --></a>", "<a><![CDATA[x]]></a>",
        "<a><?php ?></a>", "<?xml", "<?xml version='1.0'", "< a/>", "<a x=y/>",
        String(repeating: "<a>", count: 9) + String(repeating: "</a>", count: 9),
        "<a>" + String(repeating: "<b/>", count: SmallXML.elementsMax) + "</a>",
        "<" + String(repeating: "a", count: 300) + "/>",
    ]) func `what is no such document is refused`(text: String) {
        #expect(throws: SmallXML.Refusal.self) { try SmallXML(parsing: Array(text.utf8)) }
    }

    @Test func `no truncation and no changed byte traps`() {
        let bytes = Array(Self.listing.utf8)
        for count in 0..<bytes.count {
            #expect(throws: SmallXML.Refusal.self) {
                try SmallXML(parsing: Array(bytes.prefix(count)))
            }
        }
        var generator = SeededGenerator(seed: 7)
        for _ in 0..<20_000 {
            var damaged = bytes
            for _ in 0..<Int.random(in: 1...4, using: &generator) {
                damaged[Int.random(in: 0..<bytes.count, using: &generator)] =
                    UInt8.random(in: 0...255, using: &generator)
            }
            _ = try? SmallXML(parsing: damaged)
        }
    }
}
