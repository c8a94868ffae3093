using System.Globalization;

namespace Prefork.Tool.Control;

/// <summary>The machine's users, as passwd(5) has them.</summary>
internal static class Users
{
    private const int NameField = 0;
    private const int NumberField = 2;
    private const int HomeField = 5;

    /// <summary>The number of a user who is not there.</summary>
    internal static string NameOf(uint user) => Find(user)?[NameField] ?? Text(user);

    /// <summary>Null when none is named.</summary>
    internal static string? HomeOf(uint user) => Find(user) is { Length: > HomeField } fields && Path.IsPathRooted(fields[HomeField]) ? fields[HomeField] : null;

    private static string[]? Find(uint user)
    {
        var number = Text(user);
        try
        {
            return File.ReadLines("/etc/passwd").Select(static line => line.Split(':')).FirstOrDefault(fields => fields.Length > NumberField && fields[NumberField] == number);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // A container without it.
            return null;
        }
    }

    private static string Text(uint user) => user.ToString(CultureInfo.InvariantCulture);
}
