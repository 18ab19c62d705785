package peers;

import java.math.BigInteger;
import java.security.MessageDigest;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.apache.commons.lang3.SerializationUtils;
import org.openehealth.ipf.commons.ihe.xds.core.metadata.*;

/** Metadata objects with every attribute that a submission may give them. */
final class Described {
    private Described() {}

    static Identifiable patient() {
        return new Identifiable("P" + UUID.randomUUID().toString().substring(0, 13), new AssigningAuthority(Node.AUTHORITY));
    }

    static String oid() {
        return "2.25." + new BigInteger(UUID.randomUUID().toString().replace("-", ""), 16);
    }

    static String uuid() {
        return "urn:uuid:" + UUID.randomUUID();
    }

    static DocumentEntry entry(Identifiable patient, String id) {
        var entry = new DocumentEntry();
        entry.setEntryUuid(id);
        entry.setUniqueId(oid());
        entry.setPatientId(patient);
        entry.setType(DocumentEntryType.STABLE);
        entry.setTitle(new LocalizedString("Rapport de dose & <scanner> n° 1", "fr-FR", "UTF-8"));
        entry.setComments(new LocalizedString("Zwei Läufe, \"wiederholt\"", "de-DE", "UTF-8"));
        entry.getAuthors().add(author("Dupont", "Claire"));
        entry.getAuthors().add(author("O'Neill", "Maëlle"));
        entry.setClassCode(code("18748-4", "2.16.840.1.113883.6.1", "Diagnostic imaging study"));
        entry.setTypeCode(code("73569-6", "2.16.840.1.113883.6.1", "Radiation exposure and protection information"));
        entry.setFormatCode(code("1.2.840.10008.5.1.4.1.1.88.67", "1.2.840.10008.2.6.1", "X-Ray Radiation Dose SR"));
        entry.setHealthcareFacilityTypeCode(code("22232009", "2.16.840.1.113883.6.96", "Hospital"));
        entry.setPracticeSettingCode(code("394914008", "2.16.840.1.113883.6.96", "Radiology"));
        entry.getConfidentialityCodes().add(code("N", "2.16.840.1.113883.5.25", "normal"));
        entry.getConfidentialityCodes().add(code("R", "2.16.840.1.113883.5.25", "restricted"));
        entry.getEventCodeList().add(code("CT", "1.2.840.10008.2.16.4", "Computed Tomography"));
        entry.getEventCodeList().add(code("T-D3000", "1.2.3.99", "Chest"));
        entry.setCreationTime("20240315101530");
        entry.setServiceStartTime("20240315100000");
        entry.setServiceStopTime("202403151015");
        entry.setLanguageCode("fr-BE");
        entry.setMimeType("application/dicom");
        entry.setUri("report.dcm");
        entry.setLegalAuthenticator(person("Peeters", "Jan"));
        entry.setSourcePatientId(new Identifiable("source-1", new AssigningAuthority("1.2.3.77")));
        entry.setSourcePatientInfo(patientInfo());
        entry.getReferenceIdList().add(accession("A-" + UUID.randomUUID()));
        entry.getReferenceIdList().add(new ReferenceId("O-1", new CXiAssigningAuthority(null, "1.2.3.5", "ISO"), ReferenceId.ID_TYPE_CODE_ORDER));
        entry.setExtraMetadata(Map.of("urn:dosebook:peers:room", List.of("CT 2", "CT 3")));
        return entry;
    }

    /** As one in whose repository these bytes lie, which a Repository says when it registers. */
    static DocumentEntry kept(DocumentEntry entry, byte[] content, String repositoryUniqueId) throws Exception {
        var kept = SerializationUtils.clone(entry);
        kept.setHash(HexFormat.of().formatHex(MessageDigest.getInstance("SHA-1").digest(content)));
        kept.setSize((long) content.length);
        kept.setRepositoryUniqueId(repositoryUniqueId);
        return kept;
    }

    /** What a Registry adds to what it was told. */
    static <T extends XDSMetaClass> T registered(T object, String entryUuid) {
        var registered = SerializationUtils.clone(object);
        registered.setEntryUuid(entryUuid);
        registered.setAvailabilityStatus(AvailabilityStatus.APPROVED);
        return registered;
    }

    static SubmissionSet set(Identifiable patient, String id) {
        var set = new SubmissionSet();
        set.setEntryUuid(id);
        set.setUniqueId(oid());
        set.setSourceId("1.3.6.1.4.1.21367.4");
        set.setPatientId(patient);
        set.setTitle(new LocalizedString("Envoi du matin", "fr-FR", "UTF-8"));
        set.setComments(new LocalizedString("vérifié", "fr-FR", "UTF-8"));
        set.setContentTypeCode(code("18748-4", "2.16.840.1.113883.6.1", "Diagnostic imaging study"));
        set.setSubmissionTime("20240315120000");
        set.getAuthors().add(author("Peeters", "Jan"));
        set.getIntendedRecipients().add(new Recipient(organization("Kliniek Zuid"), person("Maes", "Els"), new Telecom("els@zuid.example")));
        return set;
    }

    static Folder folder(Identifiable patient, String id) {
        var folder = new Folder();
        folder.setEntryUuid(id);
        folder.setUniqueId(oid());
        folder.setPatientId(patient);
        folder.setTitle(new LocalizedString("Dosisakte", "de-DE", "UTF-8"));
        folder.setComments(new LocalizedString("all of 2024", "en-US", "UTF-8"));
        folder.getCodeList().add(code("dose", "1.2.3.98", "Radiation dose"));
        return folder;
    }

    static Association association(AssociationType type, String source, String target) {
        var association = new Association(type, uuid(), source, target);
        Same.value("the source of an association", source, association.getSourceUuid());
        return association;
    }

    static Association member(String source, String target) {
        return association(AssociationType.HAS_MEMBER, source, target);
    }

    /** A document that the set brings, not one that it only refers to. */
    static Association original(SubmissionSet set, DocumentEntry entry) {
        var member = member(set.getEntryUuid(), entry.getEntryUuid());
        member.setLabel(AssociationLabel.ORIGINAL);
        return member;
    }

    static Code code(String code, String scheme, String display) {
        return new Code(code, new LocalizedString(display, "en-US", "UTF-8"), scheme);
    }

    static ReferenceId accession(String number) {
        return new ReferenceId(number, new CXiAssigningAuthority(null, "1.2.3.4", "ISO"), ReferenceId.ID_TYPE_CODE_ACCESSION);
    }

    private static Author author(String family, String given) {
        var author = new Author();
        author.setAuthorPerson(person(family, given));
        author.getAuthorInstitution().add(organization("Hôpital Nord"));
        author.getAuthorInstitution().add(organization("Kliniek Zuid"));
        author.getAuthorRole().add(new Identifiable("radiographer"));
        author.getAuthorSpecialty().add(new Identifiable("394914008", new AssigningAuthority("2.16.840.1.113883.6.96")));
        author.getAuthorTelecom().add(new Telecom(given.toLowerCase() + "@nord.example"));
        return author;
    }

    private static Person person(String family, String given) {
        var name = new XcnName(family, given, "M", "Jr", "Dr", null);
        return new Person(new Identifiable("ID-" + family.length(), new AssigningAuthority("1.2.3.6")), name);
    }

    private static Organization organization(String name) {
        return new Organization(name, "45", new AssigningAuthority("1.2.3.9"));
    }

    private static PatientInfo patientInfo() {
        var info = new PatientInfo();
        info.getIds().add(new Identifiable("source-1", new AssigningAuthority("1.2.3.77")));
        info.getIds().add(new Identifiable("source-2", new AssigningAuthority("1.2.3.78")));
        info.getNames().add(new XpnName("Lefèvre", "Anne", "B", null, "Mme", null));
        info.setDateOfBirth("19560527");
        info.setGender("F");
        var address = new Address();
        address.setStreetAddress("12 rue de l'Église");
        address.setCity("Liège");
        address.setZipOrPostalCode("4000");
        address.setCountry("BE");
        info.getAddresses().add(address);
        return info;
    }
}
