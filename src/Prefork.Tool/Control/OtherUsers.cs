using System.Globalization;

namespace Prefork.Tool.Control;

/// <summary>For root: applications of other users. Which folder a user's are in only his own environment says, so they are found by the lock that each holds.</summary>
internal static class OtherUsers
{
    /// <summary>None for anybody but root.</summary>
    internal static IReadOnlyList<(string User, string Name, string Socket)> Applications()
    {
        if (Native.EffectiveUserId != 0)
        {
            return [];
        }

        var found = new SortedDictionary<string, (string User, string Name, string Socket)>(StringComparer.Ordinal);
        foreach (var process in Directory.EnumerateDirectories("/proc").Where(static path => int.TryParse(Path.GetFileName(path), out _)))
        {
            try
            {
                if (Native.OwnerOf(process).Owner is not 0 and var user)
                {
                    foreach (var path in Locks(process).Where(path => IsOf(user, path)))
                    {
                        var socket = Path.ChangeExtension(path, ".sock");
                        found[socket] = (NameOf(user), Path.GetFileNameWithoutExtension(path), socket);
                    }
                }
            }
            catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or CommandException)
            {
                // It ends just now, or is in another mount namespace.
            }
        }

        return [.. found.Values];
    }

    private static IEnumerable<string> Locks(string process)
        => Directory.EnumerateFileSystemEntries(Path.Combine(process, "fd")).Select(TargetOf)
            .OfType<string>().Where(static target => target.EndsWith(".lock", StringComparison.Ordinal) && Path.IsPathRooted(target));

    /// <summary>Null for a descriptor that has been closed meanwhile: the others of its process count.</summary>
    private static string? TargetOf(string entry)
    {
        try
        {
            return new FileInfo(entry).LinkTarget;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    /// <summary>Any process can open a file that is called so. It counts when lock, socket and folder are that user's, and the lock is held.</summary>
    private static bool IsOf(uint user, string path)
    {
        var folder = Path.GetDirectoryName(path)!;
        var name = Path.GetFileNameWithoutExtension(path);
        return ControlSocket.IsName(name)
            && new[] { folder, path, Path.ChangeExtension(path, ".sock") }.All(file => Native.OwnerOf(file) == (user, false))
            && ControlSocket.IsTaken(folder, name);
    }

    /// <summary>The number of a user who is not in passwd(5).</summary>
    private static string NameOf(uint user)
    {
        var number = user.ToString(CultureInfo.InvariantCulture);
        return File.ReadLines("/etc/passwd").Select(static line => line.Split(':')).FirstOrDefault(fields => fields.Length > 2 && fields[2] == number)?[0] ?? number;
    }
}
