namespace Prefork.Hook;

/// <summary>
/// The variable by which a web host without the generic host finds this assembly (ASP.NET Core's hosting startup). Programs that the worker
/// starts would look for the assembly in vain, so it is there only while no host of the program runs, and one may be built.
/// </summary>
internal static class HostingStartupVariable
{
    private const string Name = "ASPNETCORE_HOSTINGSTARTUPASSEMBLIES";
    private const char Separator = ';';

    private static readonly string s_assembly = typeof(HostingStartupVariable).Assembly.GetName().Name!;

    /// <summary>Whether the program may build such a host.</summary>
    internal static bool IsWanted { get; private set; }

    internal static void Want()
    {
        IsWanted = true;
        Set();
    }

    /// <summary>Puts this assembly on the list; what the user has put on it stays.</summary>
    internal static void Set() => Write(Others().Append(s_assembly));

    internal static void Remove() => Write(Others());

    private static IEnumerable<string> Others()
        => (Environment.GetEnvironmentVariable(Name) ?? "").Split(Separator, StringSplitOptions.RemoveEmptyEntries).Where(static name => name != s_assembly);

    private static void Write(IEnumerable<string> names)
    {
        var list = string.Join(Separator, names);
        Environment.SetEnvironmentVariable(Name, list.Length > 0 ? list : null);
    }
}
