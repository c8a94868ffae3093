namespace Prefork.Tool.Control;

/// <summary>For root: applications of other users. Which folder a user's are in only his own environment says, so they are found by the lock that each holds.</summary>
internal static class OtherUsers
{
    /// <summary>Of one user. Further ones are not looked for: anybody can hold as many locks as he likes.</summary>
    private const int MostOfOneUser = 1000;

    /// <param name="user">Only this one's; null for all.</param>
    /// <param name="name">Only those of this name; null for all.</param>
    /// <returns>By user and name; none for anybody but root.</returns>
    internal static IReadOnlyList<RunningApplication> Find(string? user = null, string? name = null)
    {
        if (Native.EffectiveUserId != 0)
        {
            return [];
        }

        var names = new Dictionary<uint, string>();
        var found = new Dictionary<uint, Dictionary<string, RunningApplication>>();
        foreach (var process in Directory.EnumerateDirectories("/proc").Where(static path => int.TryParse(Path.GetFileName(path), out _)))
        {
            try
            {
                var owner = Native.OwnerOf(process).Owner;
                if (owner == 0 || (user is not null && NameOf(owner) != user))
                {
                    continue;
                }

                if (!found.TryGetValue(owner, out var theirs))
                {
                    found[owner] = theirs = [];
                }

                foreach (var path in Locks(process))
                {
                    if (theirs.Count < MostOfOneUser && Path.GetFileNameWithoutExtension(path) is var called && (name ?? called) == called && IsOf(owner, path))
                    {
                        var socket = Path.ChangeExtension(path, ".sock");
                        theirs[socket] = new RunningApplication(called, socket, owner, NameOf(owner));
                    }
                }
            }
            catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
            {
                // It ends just now, or is in another mount namespace.
            }
        }

        return [.. found.Values.SelectMany(static theirs => theirs.Values).OrderBy(static one => one.User, StringComparer.Ordinal).ThenBy(static one => one.Name, StringComparer.Ordinal)];

        string NameOf(uint number) => names.TryGetValue(number, out var known) ? known : names[number] = Users.NameOf(number);
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

    /// <summary>
    /// Any process can open a file that is called so. It counts when lock, socket and folder are that user's, and the lock is held. One that cannot be looked at
    /// hides no other of its process.
    /// </summary>
    private static bool IsOf(uint user, string path)
    {
        var folder = Path.GetDirectoryName(path)!;
        var name = Path.GetFileNameWithoutExtension(path);
        try
        {
            return ControlSocket.IsName(name)
                && new[] { folder, path, Path.ChangeExtension(path, ".sock") }.All(file => Native.OwnerOf(file) == (user, false))
                && ControlSocket.IsTaken(folder, name);
        }
        catch (Exception exception) when (exception is IOException or CommandException)
        {
            return false;
        }
    }
}
